// The ledger on disk: a transactional Berkeley DB environment in a directory of its own, with a table for
// doubts and one for outcomes. It knows bytes only, and nothing of what they mean. The only place in relayd
// that knows Berkeley DB.
//
// Threads: open() and load() are for the main thread, before the worker exists; from then on apply() is
// called by that ONE worker thread (it waits for the disk), until the worker is joined and the Store
// destroyed.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/ledger/change.h"

namespace tsmtp::ledger {

class Environment;
class DirectoryLock;

class Store {
 public:
  /// Opens the ledger in `dir`, making the directory (mode 0700; its parent must exist) and the tables where
  /// they are missing, and recovering from whatever killed the last relayd. `dir` is locked against another
  /// relayd while the Store lives; the error names the process that has it.
  [[nodiscard]] static base::Result<std::unique_ptr<Store>> open(const std::string& dir);

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Makes all of `changes`, or none, in one transaction. If any is durable, all are on disk (fsync) when
  /// this returns; otherwise they are with the operating system, where a killed process loses nothing and a
  /// power failure may. After an error (disk full, I/O error) rely neither on these changes nor on
  /// their absence after a restart; the next call recovers first, so that an error lasts no longer than its
  /// cause.
  [[nodiscard]] base::Result<void> apply(std::span<const Change> changes);

  /// All rows of a table, in the order of their keys.
  [[nodiscard]] base::Result<std::vector<Entry>> load(Table table);

 private:
  Store(std::string dir, std::unique_ptr<DirectoryLock> lock, std::unique_ptr<Environment> environment);

  std::string dir_;
  std::unique_ptr<DirectoryLock> lock_;
  std::unique_ptr<Environment> environment_;  ///< null after an error that needs recovery
};

}  // namespace tsmtp::ledger
