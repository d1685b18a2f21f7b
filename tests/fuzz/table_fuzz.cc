// A table whose file was damaged, or made by somebody to harm its reader: reading ends, says what is wrong or
// what is there; and what it says is there can be dumped, compared and resolved.
#include <string>

#include "mailertable/database/page_file.h"
#include "mailertable/database/table_diff.h"
#include "mailertable/database/table_reader.h"
#include "mailertable/lookup/any_table.h"
#include "mailertable/lookup/resolver.h"
#include "mailertable/output/table_text.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tsmtp;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto stored = mailertable::parse_table(bytes);
  if (!stored) {
    fuzz::must(!stored.error().message.empty(), "an error says what is wrong");
  } else {
    std::size_t sum = 0;
    for (const auto& [key, value] : stored->pairs)
      sum += value.size();
    // Each page is taken once, so no table is larger than its file; only short keys are said again.
    fuzz::must(sum <= size, "values come from the file, each once");
  }
  const auto table = mailertable::AnyTable::from(bytes, "t");
  if (!table) return 0;
  const auto text = mailertable::table_text(table->pairs());
  const auto again = mailertable::AnyTable::from(text.text, "again");
  if (text.unsayable.empty() && !text.has_nuls && stored && !stored->allows_duplicates)
    fuzz::must(again && mailertable::changes_between(table->pairs(), again->pairs()).empty(),
               "a dump builds the same table");
  (void)mailertable::walk("mx.birl.example", [&](std::string_view key) { return table->find(key); });
  return 0;
}
