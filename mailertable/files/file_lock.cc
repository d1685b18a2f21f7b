#include "mailertable/files/file_lock.h"

#include <sys/file.h>

#include <cerrno>
#include <thread>

namespace tsmtp::mailertable {

int lock_until(int fd, int kind, std::chrono::steady_clock::time_point deadline) {
  constexpr std::chrono::milliseconds kRetryAfter{10};
  while (::flock(fd, kind | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno;
    if (std::chrono::steady_clock::now() >= deadline) return EWOULDBLOCK;
    std::this_thread::sleep_for(kRetryAfter);
  }
  return 0;
}

}  // namespace tsmtp::mailertable
