// Times and durations as an administrator reads them. Asks no clock: it is told what time it is.
#pragma once

#include <chrono>
#include <string>

#include "relayd/base/clock.h"

namespace tsmtp::control {

/// "2026-03-01T12:03:04Z".
[[nodiscard]] std::string rfc3339(base::WallTime time);

/// "2026-03-01T12:03:04.056Z".
[[nodiscard]] std::string rfc3339_milliseconds(base::WallTime time);

/// "12:03:04" in the local time zone, with the date in front where it is not `now`'s.
[[nodiscard]] std::string local_time(base::WallTime time, base::WallTime now);

/// "3 h 12 min", "2 d 4 h", "12 s"; the two largest units. Negative ones are 0 s.
[[nodiscard]] std::string span_text(std::chrono::seconds span);

}  // namespace tsmtp::control
