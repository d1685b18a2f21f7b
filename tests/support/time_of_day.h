// Another time of day for the programs that a test starts.
#pragma once

#include <chrono>
#include <cstdlib>
#include <string>

namespace tsmtp::support {

/// While there is one, programs that are started have a clock that is ahead by `ahead`, or behind. Theirs
/// goes on when it is gone.
class TimeOfDay {
 public:
  explicit TimeOfDay(std::chrono::seconds ahead) {
    setenv("TSMTP_CLOCK_SHIFT", std::to_string(ahead.count()).c_str(), 1);
    setenv("LD_PRELOAD", TSMTP_CLOCK_SHIFT_LIBRARY, 1);
  }
  ~TimeOfDay() { unsetenv("LD_PRELOAD"); }
  TimeOfDay(const TimeOfDay&) = delete;
  TimeOfDay& operator=(const TimeOfDay&) = delete;
};

}  // namespace tsmtp::support
