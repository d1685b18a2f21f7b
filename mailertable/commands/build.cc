#include "mailertable/commands/build.h"

#include <sys/stat.h>
#include <sysexits.h>

#include <algorithm>
#include <utility>

#include "mailertable/files/input.h"

namespace tsmtp::mailertable {
namespace {

bool are_one_file(const std::string& a, const std::string& b) {
  struct stat first {};
  struct stat second {};
  return ::stat(a.c_str(), &first) == 0 && ::stat(b.c_str(), &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

base::Diagnostics as_errors(const base::Diagnostics& findings) {
  base::Diagnostics errors;
  for (const base::Diagnostic& one : findings.all())
    errors.error(one.location, one.message);
  return errors;
}

/// Reads all inputs; false if one cannot be read.
bool read_sources(const Job& job, Report& report) {
  if (std::count(job.inputs.begin(), job.inputs.end(), "-") > 1) {
    report.failure = Failure{EX_USAGE, "standard input can be read only once", false};
    return false;
  }
  for (const std::string& input : job.inputs) {
    auto text = read_input(input);
    if (!text) {
      report.failure = text.error();
      return false;
    }
    report.sources.push_back({display_name(input), *std::move(text)});
  }
  return true;
}

/// Checks; with a target, writes.
Report run(const Job& job, const TableTarget* target) {
  Report report;
  if (!read_sources(job, report)) return report;
  CheckedTable checked = check_sources(report.sources, job.knowledge, job.progress);
  report.findings = job.strict ? as_errors(checked.findings) : std::move(checked.findings);
  report.entries = checked.table.entries.size();
  if (target == nullptr || report.findings.has_errors()) return report;
  if (auto written = write_table(*target, checked.table.entries, job.progress); !written)
    report.failure = written.error();
  return report;
}

}  // namespace

int Report::exit_status() const {
  if (failure) return failure->exit_status;
  return findings.has_errors() ? EX_DATAERR : EX_OK;
}

Report check(const Job& job) {
  return run(job, nullptr);
}

Report build(const Job& job, const TableTarget& target) {
  for (const std::string& input : job.inputs) {
    if (input == "-" || !are_one_file(input, target.path)) continue;
    Report report;
    report.failure = Failure{EX_USAGE, "the table " + target.path + " would replace its own text", false};
    return report;
  }
  return run(job, &target);
}

}  // namespace tsmtp::mailertable
