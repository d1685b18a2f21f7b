// The ledger on disk: a transactional Berkeley DB environment in a directory of its own, with a table for
// doubts and one for outcomes. It knows bytes only, and nothing of what they mean. The only place in relayd
// that knows Berkeley DB.
//
// Threads: open() and load() are for the main thread, before the worker exists; from then on apply() is
// called by that ONE worker thread (it waits for the disk), until the worker is joined and the Store
// destroyed.
#pragma once

#include <sys/types.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/ledger/change.h"
#include "relayd/ledger/tables.h"
#include "relayd/ledger/writer.h"

namespace tsmtp::ledger {

class Environment;
class DirectoryLock;

class Store : public Writer {
 public:
  /// Opens the ledger in `dir`, making the directory (mode 0700; its parent must exist) and the tables where
  /// they are missing, and recovering from whatever killed the last relayd. `dir` is locked against another
  /// relayd while the Store lives; the error names the process that has it. A log that is missing or was cut
  /// is replaced by a new one, with a warning; a table that is damaged is an error.
  [[nodiscard]] static base::Result<std::unique_ptr<Store>> open(const std::string& dir);

  ~Store() override;

  /// What was lost before it was opened, a sentence each.
  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  /// Makes all of `changes`, or none, in one transaction. If any is durable, all are on disk (fsync) when
  /// this returns; otherwise they are with the operating system, where a killed process loses nothing and a
  /// power failure may. After an error (disk full, I/O error, directory gone) rely neither on these changes
  /// nor on their absence after a restart. They are remembered: a later call
  /// writes all that is remembered anew. The first few try that at once, others only when they have no
  /// changes: call so every second while there are errors.
  [[nodiscard]] base::Result<void> apply(std::span<const Change> changes) override;

  /// All rows of a table, in the order of their keys.
  [[nodiscard]] base::Result<std::vector<Entry>> load(Table table) const;

 private:
  explicit Store(std::string dir);

  [[nodiscard]] base::Result<void> take_directory();
  [[nodiscard]] bool is_our_directory() const;
  [[nodiscard]] base::Result<void> open_tables();
  void remember(std::span<const Change> changes);
  [[nodiscard]] base::Result<void> heal(bool is_asked_to);
  [[nodiscard]] Rows& rows(Table table) { return rows_[static_cast<std::size_t>(table)]; }

  std::string dir_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::unique_ptr<DirectoryLock> lock_;
  AllRows rows_;  ///< what the tables should hold
  std::vector<std::string> warnings_;
  std::unique_ptr<Environment> environment_;  ///< null after an error
  bool is_behind_ = false;                    ///< the tables hold less than rows_
  int failed_tries_ = 0;
  base::Error last_error_;
};

}  // namespace tsmtp::ledger
