// The text that makemap is given, by anybody: every piece is taken, none is longer than makemap's, and the
// layout of a text changes nothing that it says.
#include <string>

#include "mailertable/makemap/makemap_input.h"
#include "mailertable/output/text_layout.h"
#include "mailertable/text/parser.h"
#include "mailertable/text/route.h"
#include "tests/fuzz/fuzz.h"

namespace {

using namespace tsmtp;

void check_pieces(std::string_view text) {
  mailertable::MakemapOptions options;
  options.allow_empty = text.size() % 2 == 0;
  if (text.size() % 3 == 0) options.separator = ':';
  while (!text.empty()) {
    const std::string_view most = text.substr(0, mailertable::kMakemapPieceBytes);
    const std::string_view piece =
        most.substr(0, most.find('\n') == std::string_view::npos ? most.size() : most.find('\n') + 1);
    const auto line = mailertable::parse_makemap_line(piece, piece.size() == text.size(), options);
    fuzz::must(line.key.size() + line.value.size() <= piece.size(), "a line holds no more than its bytes");
    fuzz::must(line.key.find('\0') == std::string::npos && line.value.find('\0') == std::string::npos,
               "no NUL gets in");
    text.remove_prefix(piece.size());
  }
}

void check_layout(std::string_view text) {
  const std::string once = mailertable::laid_out(text);
  fuzz::must(mailertable::laid_out(once) == once, "what is laid out stays so");
  base::Diagnostics before_findings;
  base::Diagnostics after_findings;
  const auto before = mailertable::parse(text, "f", before_findings);
  const auto after = mailertable::parse(once, "f", after_findings);
  fuzz::must(before.entries.size() == after.entries.size(), "no entry comes or goes");
  for (std::size_t i = 0; i < before.entries.size(); ++i) {
    fuzz::must(before.entries[i].key == after.entries[i].key, "keys stay");
    fuzz::must(mailertable::without_trailing_blanks(before.entries[i].value) ==
                   mailertable::without_trailing_blanks(after.entries[i].value),
               "values stay");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_pieces(text);
  check_layout(text);
  return 0;
}
