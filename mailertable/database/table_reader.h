// Reads the tables that sendmail reads, of type hash and btree, damaged ones too: a table that is not whole
// is an error, never a crash and never a wrong answer.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mailertable/database/database.h"
#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

using StoredPair = std::pair<std::string, std::string>;

/// A table as it is stored.
struct StoredTable {
  TableType type = TableType::kHash;
  bool allows_duplicates = false;  ///< made by makemap -d
  std::vector<StoredPair> pairs;   ///< in the order of the pages
};

/// The table whose file holds `bytes`. Fails with EX_DATAERR.
[[nodiscard]] Outcome<StoredTable> parse_table(std::string_view bytes);

/// Reads the table at `path`, under the shared lock that sendmail takes for a lookup. Fails with EX_NOINPUT,
/// EX_TEMPFAIL or EX_DATAERR.
[[nodiscard]] Outcome<StoredTable> read_stored_table(const std::string& path);

/// Whether a file that begins with `bytes` is a Berkeley DB of type hash or btree, or was one before it was
/// damaged further on.
[[nodiscard]] bool is_hash_or_btree(std::string_view bytes);

/// Whether `bytes`, the beginning of a file, are of a Berkeley DB table and not of a text.
[[nodiscard]] bool looks_like_table(std::string_view bytes);

}  // namespace tsmtp::mailertable
