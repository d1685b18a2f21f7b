// The book of keys as a file in state_dir: read at the start, and written whole at every change, which comes
// seldom. A change holds at once; write() says whether it also holds after a crash.
#pragma once

#include <memory>
#include <string>

#include "relayd/base/result.h"
#include "relayd/keys/book.h"

namespace tsmtp::net {

class KeyBook {
 public:
  /// A file that is not there is an empty book. One that is damaged is an error: revoked keys must not become
  /// good with it.
  [[nodiscard]] static base::Result<KeyBook> open(const std::string& path);
  /// Its name in state_dir.
  static constexpr char kName[] = "keys.book";

  [[nodiscard]] const keys::Book& book() const { return book_; }
  /// From now on this is it. On the disk it is after write().
  void take(keys::Book changed);
  /// Blocks until it is on the disk. After an error the next call tries again.
  [[nodiscard]] base::Result<void> write();
  /// Everything that it has taken is on the disk.
  [[nodiscard]] bool is_written() const { return is_written_; }

 private:
  explicit KeyBook(std::string path) : path_(std::move(path)) {}

  std::string path_;
  keys::Book book_;
  bool is_written_ = true;
};

}  // namespace tsmtp::net
