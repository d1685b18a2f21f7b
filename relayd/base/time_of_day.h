// Times as people read them in replies: local time of day, with the date when it was not today.
#pragma once

#include <string>

#include "relayd/base/clock.h"

namespace tsmtp::base {

/// "12:03:04", or "2026-11-20 12:03:04" when that was not the day of `now`.
[[nodiscard]] std::string time_of_day(WallTime time, WallTime now);

}  // namespace tsmtp::base
