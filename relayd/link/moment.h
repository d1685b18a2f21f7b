// A moment on both clocks: time-outs go by the first, times that a person reads by the second.
#pragma once

#include "relayd/base/clock.h"

namespace tsmtp::link {

struct Moment {
  base::TimePoint at;
  base::WallTime wall;
};

}  // namespace tsmtp::link
