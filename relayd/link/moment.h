// A moment on both clocks: what is waited for goes by the first, what a person reads by the second.
#pragma once

#include "relayd/base/clock.h"

namespace tsmtp::link {

struct Moment {
  base::TimePoint at;
  base::WallTime wall;
};

}  // namespace tsmtp::link
