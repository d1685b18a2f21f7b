// The Berkeley DB file that sendmail's hash and btree maps read. The only place with <db.h> here; knows
// nothing of where the file will go.
#pragma once

#include <string>
#include <vector>

#include "mailertable/files/failure.h"
#include "mailertable/files/progress.h"
#include "mailertable/text/entry.h"

namespace tsmtp::mailertable {

/// Which of Berkeley DB's access methods, and so which of sendmail's map types.
enum class TableType { kHash, kBtree };

/// Fills the existing, empty file at `path` with `entries`, whose keys must differ. Keys and values are
/// stored as makemap does without -N: their bytes and no NUL behind them, which sendmail tries first (map.c,
/// MF_TRY0NULL). What was written is with the kernel, not yet on the disk. Fails with EX_IOERR; the file is
/// then of no use.
[[nodiscard]] Outcome<void> fill_database(const std::string& path, TableType type,
                                          const std::vector<Entry>& entries, Progress* progress = nullptr);

}  // namespace tsmtp::mailertable
