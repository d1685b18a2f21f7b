// The clocks, which nothing below net/ reads.
#pragma once

#include "relayd/base/clock.h"

namespace tsmtp::net {

inline base::TimePoint now() {
  return std::chrono::steady_clock::now();
}

inline base::WallTime wall_now() {
  return std::chrono::system_clock::now();
}

}  // namespace tsmtp::net
