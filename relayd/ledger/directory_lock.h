// One relayd a ledger: an flock on a file that names the process holding it. The kernel lets go of it when
// the process dies, however that happens, so it never has to be cleaned up.
#pragma once

#include <memory>
#include <string>

#include "relayd/base/result.h"

namespace tsmtp::ledger {

class DirectoryLock {
 public:
  /// Locks DIR/lock. The directory must exist.
  [[nodiscard]] static base::Result<std::unique_ptr<DirectoryLock>> take(const std::string& dir);

  ~DirectoryLock();
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  explicit DirectoryLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace tsmtp::ledger
