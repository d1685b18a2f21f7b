#include "relayd/ledger/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace tsmtp::ledger {
namespace {

// The holder's process id as it wrote it; the holder may be about to write it, then there is none to tell.
std::string holder(int fd) {
  std::array<char, 16> text{};
  const ssize_t size = pread(fd, text.data(), text.size(), 0);
  const std::string_view digits(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::string pid(digits.substr(0, digits.find_first_not_of("0123456789")));
  return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

base::Result<std::unique_ptr<DirectoryLock>> DirectoryLock::take(const std::string& dir) {
  const std::string path = dir + "/lock";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return base::Error{std::strerror(errno) + (": cannot open " + path)};
  std::unique_ptr<DirectoryLock> lock(new DirectoryLock(fd));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return base::Error{std::strerror(errno) + (": cannot lock " + path)};
    return base::Error{dir + " is in use by " + holder(fd) + "; two relayds cannot share a ledger"};
  }
  // Only for the message above; a full disk must not keep the lock from being taken.
  const std::string pid = std::to_string(getpid()) + '\n';
  if (ftruncate(fd, 0) == 0) static_cast<void>(!pwrite(fd, pid.data(), pid.size(), 0));
  return lock;
}

DirectoryLock::~DirectoryLock() {
  close(fd_);
}

}  // namespace tsmtp::ledger
