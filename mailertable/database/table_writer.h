// Puts a table in place: written aside, on the disk, then renamed. Whoever opens the table at any moment, or
// after a crash at any moment, finds the whole old one or the whole new one.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mailertable/database/database.h"
#include "mailertable/files/failure.h"
#include "mailertable/files/progress.h"
#include "mailertable/text/entry.h"

namespace tsmtp::mailertable {

/// Where a table goes, and as what.
struct TableTarget {
  std::string path;
  TableType type = TableType::kHash;
  /// How long to wait for others' locks on the old table.
  std::chrono::milliseconds lock_patience{30'000};
};

/// Writes `entries`, whose keys must differ, as the table `target.path`. It gets the owner and mode of the
/// one it replaces, or mode 0640 if there is none. A running sendmail will notice. Fails with EX_CANTCREAT,
/// EX_IOERR or EX_TEMPFAIL; then the old table is as it was, unless the Failure says that it was replaced.
[[nodiscard]] Outcome<void> write_table(const TableTarget& target, const std::vector<Entry>& entries,
                                        Progress* progress = nullptr);

}  // namespace tsmtp::mailertable
