// A Berkeley DB file that grows by one entry at a time, as makemap's does. Without a temporary file's care
// for the old one: that is its caller's.
#pragma once

#include <db.h>

#include <memory>
#include <string>
#include <string_view>

#include "mailertable/database/database.h"

namespace tsmtp::mailertable {

struct GrowthOptions {
  TableType type = TableType::kHash;
  bool add = false;         ///< to what is there; else the file must be empty
  bool duplicates = false;  ///< several values for a key
  bool overwrite = false;   ///< the last of two values; else the first stays
  long cache_bytes = 0;
};

class GrowingDatabase {
 public:
  /// Opens the file at `path`, which exists. `error` is 0, or an errno or Berkeley DB's status; then there is
  /// nothing to put into.
  GrowingDatabase(const std::string& path, const GrowthOptions& options, int& error);

  /// 0, DB_KEYEXIST, an errno or Berkeley DB's status.
  [[nodiscard]] int put(std::string_view key, std::string_view value);

  /// Writes what is not yet written. 0, an errno or Berkeley DB's status.
  [[nodiscard]] int close();

 private:
  struct Closer {
    void operator()(DB* db) const { db->close(db, DB_NOSYNC); }
  };

  std::unique_ptr<DB, Closer> db_;
  std::uint32_t put_flags_ = 0;
};

}  // namespace tsmtp::mailertable
