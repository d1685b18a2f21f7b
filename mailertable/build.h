// From text to table: read, check, and only if nothing is wrong write. A wrong file changes nothing (P9).
#pragma once

#include <optional>
#include <string>

#include "mailertable/failure.h"
#include "mailertable/mailers.h"
#include "mailertable/table_writer.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// How a check or a build went.
struct Report {
  base::Diagnostics findings;      ///< what is wrong with the text
  std::optional<Failure> failure;  ///< what else went wrong
  std::size_t entries = 0;

  /// From sysexits(3): EX_OK, EX_DATAERR, or the failure's.
  [[nodiscard]] int exit_status() const;
};

/// Checks the table text in the file `input`, "-" for standard input. Writes nothing.
[[nodiscard]] Report check(const std::string& input, const Mailers& mailers);

/// The same, and makes it the table `target` unless there are errors. Warnings do not stop it.
[[nodiscard]] Report build(const std::string& input, const Mailers& mailers, const TableTarget& target);

}  // namespace tsmtp::mailertable
