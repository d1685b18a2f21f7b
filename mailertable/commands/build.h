// From text to table: read, check, and only if nothing is wrong write. A wrong file changes nothing (P9).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mailertable/checks/checks.h"
#include "mailertable/database/table_writer.h"
#include "mailertable/files/failure.h"
#include "mailertable/files/progress.h"
#include "mailertable/hub/knowledge.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// What to check.
struct Job {
  std::vector<std::string> inputs;  ///< files that make one table; "-" is standard input
  Knowledge knowledge;
  bool strict = false;           ///< warnings are errors
  Progress* progress = nullptr;  ///< told how far it is, if there is one
};

/// How a check or a build went.
struct Report {
  std::vector<Source> sources;     ///< what was read
  base::Diagnostics findings;      ///< what is wrong with it
  std::optional<Failure> failure;  ///< what else went wrong
  std::size_t entries = 0;

  /// From sysexits(3): EX_OK, EX_DATAERR, or the failure's.
  [[nodiscard]] int exit_status() const;
};

/// Checks. Writes nothing.
[[nodiscard]] Report check(const Job& job);

/// The same, and makes it the table `target` unless there are errors. Warnings do not stop it.
[[nodiscard]] Report build(const Job& job, const TableTarget& target);

}  // namespace tsmtp::mailertable
