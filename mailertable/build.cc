#include "mailertable/build.h"

#include <sys/stat.h>
#include <sysexits.h>

#include <utility>

#include "mailertable/checks.h"
#include "mailertable/input.h"

namespace tsmtp::mailertable {
namespace {

bool are_one_file(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

/// Checks; with a target, writes.
Report run(const std::string& input, const Mailers& mailers, const TableTarget* target) {
  Report report;
  const auto text = read_input(input);
  if (!text) {
    report.failure = text.error();
    return report;
  }
  CheckedTable checked = check_text(*text, display_name(input), mailers);
  report.findings = std::move(checked.findings);
  report.entries = checked.table.entries.size();
  if (target == nullptr || report.findings.has_errors()) return report;
  if (auto written = write_table(*target, checked.table.entries); !written) report.failure = written.error();
  return report;
}

}  // namespace

int Report::exit_status() const {
  if (failure) return failure->exit_status;
  return findings.has_errors() ? EX_DATAERR : EX_OK;
}

Report check(const std::string& input, const Mailers& mailers) {
  return run(input, mailers, nullptr);
}

Report build(const std::string& input, const Mailers& mailers, const TableTarget& target) {
  if (input != "-" && are_one_file(input, target.path)) {
    Report report;
    report.failure = Failure{EX_USAGE, "the table " + target.path + " would replace its own text", false};
    return report;
  }
  return run(input, mailers, &target);
}

}  // namespace tsmtp::mailertable
