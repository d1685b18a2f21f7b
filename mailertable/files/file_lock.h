// flock(2) with a limit to the wait, which flock(2) itself does not know.
#pragma once

#include <chrono>

namespace tsmtp::mailertable {

/// Waits for the lock `kind`, LOCK_SH or LOCK_EX, on `fd`. 0, or an errno: EWOULDBLOCK at the deadline.
[[nodiscard]] int lock_until(int fd, int kind, std::chrono::steady_clock::time_point deadline);

}  // namespace tsmtp::mailertable
