#include "mailertable/checks.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "mailertable/entry_report.h"
#include "mailertable/key_checks.h"
#include "mailertable/parser.h"
#include "mailertable/value_checks.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

// makemap keeps the first of two, says so, and writes the table all the same.
void check_duplicates(const Table& table, base::Diagnostics& findings) {
  std::unordered_map<std::string_view, int> first_lines;
  first_lines.reserve(table.entries.size());
  for (const Entry& entry : table.entries) {
    const auto [first, is_new] = first_lines.try_emplace(entry.key, entry.line);
    if (is_new) continue;
    findings.error({table.file, entry.line, 1},
                   "duplicate key \"" + base::escaped(entry.key, 80) + "\": line " +
                       std::to_string(first->second) +
                       " has it already, and makemap would ignore this one; remove one of them");
  }
}

// An empty map is not an error to sendmail: it routes everything by MX.
void check_emptiness(const Table& table, base::Diagnostics& findings) {
  if (!table.entries.empty() || findings.has_errors()) return;
  findings.warning({table.file, 0, 0}, "no entries: sendmail would send everything out by plain SMTP");
}

base::Diagnostics in_order_of_file(const base::Diagnostics& findings) {
  std::vector<base::Diagnostic> all = findings.all();
  std::stable_sort(all.begin(), all.end(), [](const base::Diagnostic& a, const base::Diagnostic& b) {
    return std::tie(a.location.line, a.location.column) < std::tie(b.location.line, b.location.column);
  });
  base::Diagnostics sorted;
  for (base::Diagnostic& one : all) {
    if (one.severity == base::Severity::kError) {
      sorted.error(std::move(one.location), std::move(one.message));
    } else {
      sorted.warning(std::move(one.location), std::move(one.message));
    }
  }
  return sorted;
}

}  // namespace

CheckedTable check_text(std::string_view text, std::string file, const Mailers& mailers) {
  base::Diagnostics findings;
  Table table = parse(text, std::move(file), findings);
  for (const Entry& entry : table.entries) {
    EntryReport report(table.file, entry, findings);
    check_key(entry, report);
    check_value(entry, mailers, report);
  }
  check_duplicates(table, findings);
  check_emptiness(table, findings);
  return {std::move(table), in_order_of_file(findings)};
}

}  // namespace tsmtp::mailertable
