// Times as people read them in replies: local time of day, with the date when it was not today.
#pragma once

#include <cstdint>
#include <string>

#include "relayd/base/clock.h"

namespace tsmtp::base {

/// The last second since 1970 that wall_time() makes, in the year 2223: a WallTime counts nanoseconds and
/// ends in 2262, and periods are added to times that come from files.
inline constexpr std::int64_t kLastSecond = 8'000'000'000;

/// So many seconds after 1970, as files have it; what is out of range is the nearest that is in it.
[[nodiscard]] WallTime wall_time(std::int64_t seconds);

/// "12:03:04", or "2026-11-20 12:03:04" when that was not the day of `now`.
[[nodiscard]] std::string time_of_day(WallTime time, WallTime now);

}  // namespace tsmtp::base
