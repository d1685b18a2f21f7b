// Time as it is handed to code that never asks for it. net/ reads the clocks; everything below is given a
// TimePoint, which is what lets tests run in virtual time.
#pragma once

#include <chrono>

namespace tsmtp::base {

/// Monotonic time, for time-outs and durations.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// Time of day, for what an administrator reads.
using WallTime = std::chrono::system_clock::time_point;

}  // namespace tsmtp::base
