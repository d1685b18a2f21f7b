// One opening of the Berkeley DB environment, from recovery to close. After any error it is only good for
// being destroyed; Store then opens another.
#pragma once

#include <db.h>

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/ledger/change.h"

namespace tsmtp::ledger {

class Environment {
 public:
  /// Opens, creating and recovering, what is in `dir`, which must exist.
  [[nodiscard]] static base::Result<std::unique_ptr<Environment>> open(const std::string& dir);

  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  /// One transaction. Durable if any of the changes is.
  [[nodiscard]] base::Result<void> apply(std::span<const Change> changes);

  /// Writes the tables when much has been applied since it was last done, so that the log stays short.
  [[nodiscard]] base::Result<void> checkpoint();

  [[nodiscard]] base::Result<std::vector<Entry>> load(Table table);

 private:
  Environment() = default;

  static void take_message(const DB_ENV* env, const char* prefix, const char* message);
  [[nodiscard]] base::Result<void> open_environment(const std::string& dir);
  [[nodiscard]] base::Result<void> open_table(Table table, const char* file);
  [[nodiscard]] int change(DB_TXN* transaction, const Change& change);
  [[nodiscard]] base::Error failure(const std::string& what, int code);
  [[nodiscard]] DB*& table(Table table) { return tables_[static_cast<std::size_t>(table)]; }

  DB_ENV* env_ = nullptr;
  std::array<DB*, 2> tables_{};
  std::size_t logged_bytes_ = 0;  ///< since the last checkpoint, about
  std::string message_;           ///< what Berkeley DB last complained of, beside its error code
  bool failed_ = false;
};

}  // namespace tsmtp::ledger
