#include "mailertable/files/locked_table.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>

#include "mailertable/files/file_lock.h"

namespace tsmtp::mailertable {
namespace {

using Clock = std::chrono::steady_clock;

/// Whether `path` still names the file that `fd` is: another build may have replaced it while we waited.
bool is_still(const std::string& path, int fd) {
  struct stat named {};
  struct stat held {};
  return ::lstat(path.c_str(), &named) == 0 && ::fstat(fd, &held) == 0 && named.st_dev == held.st_dev &&
         named.st_ino == held.st_ino;
}

}  // namespace

LockedTable::LockedTable(LockedTable&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

LockedTable::~LockedTable() {
  if (fd_ >= 0) ::close(fd_);
}

Outcome<std::optional<LockedTable>> LockedTable::open(const std::string& path,
                                                      std::chrono::milliseconds patience) {
  const Clock::time_point deadline = Clock::now() + patience;
  while (true) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) return std::optional<LockedTable>();
    if (fd < 0) return system_failure(EX_CANTCREAT, "cannot open the old " + path, errno);
    LockedTable table(fd);
    if (const int error = lock_until(fd, LOCK_EX, deadline); error == EWOULDBLOCK) {
      return Failure{EX_TEMPFAIL, path + " is locked by another program (makemap?); try again", false};
    } else if (error != 0) {
      return system_failure(EX_CANTCREAT, "cannot lock " + path, error);
    }
    if (is_still(path, fd)) return std::optional<LockedTable>(std::move(table));
  }
}

std::chrono::nanoseconds LockedTable::age() const {
  struct stat status {};
  timespec now{};
  if (::fstat(fd_, &status) != 0 || ::clock_gettime(CLOCK_REALTIME, &now) != 0) return {};
  const auto age = std::chrono::seconds(now.tv_sec - status.st_ctim.tv_sec) +
                   std::chrono::nanoseconds(now.tv_nsec - status.st_ctim.tv_nsec);
  return std::max<std::chrono::nanoseconds>(age, std::chrono::nanoseconds::zero());
}

bool LockedTable::mark_changed() const {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) return false;
  std::array<timespec, 2> times{};
  times[0].tv_nsec = UTIME_OMIT;
  times[1].tv_sec = std::max(std::time(nullptr), status.st_mtim.tv_sec + 1);
  return ::futimens(fd_, times.data()) == 0;
}

}  // namespace tsmtp::mailertable
