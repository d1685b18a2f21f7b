// A mailertable written by anybody.
#include <string>

#include "mailertable/checks/checks.h"
#include "mailertable/text/parser.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  const std::vector<mailertable::Source> sources{
      {"f", std::string(reinterpret_cast<const char*>(data), size)}};
  const std::string_view text = sources.front().text;
  const auto checked = mailertable::check_sources(sources, mailertable::Knowledge{});
  const auto is_within = [&](std::string_view part) {
    return part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size();
  };
  int line = 0;
  for (const mailertable::Entry& entry : checked.table.entries) {
    fuzz::must(entry.line > line, "entries come in the order of their lines");
    line = entry.line;
    fuzz::must(is_within(entry.written_key) && is_within(entry.value), "an entry points into the text");
    fuzz::must(!entry.key.empty() && entry.key.size() == entry.written_key.size(), "a key is stored folded");
    fuzz::must(entry.key.find_first_of(mailertable::kBlanks) == std::string::npos, "a key has no blanks");
    fuzz::must(entry.value.find('\n') == std::string_view::npos, "a value is on one line");
  }
  (void)checked.findings.to_string();
  return 0;
}
