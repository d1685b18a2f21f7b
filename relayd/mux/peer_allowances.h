// What the peer of a session may do per second, on average and at once. An honest one stays far below: it
// opens a stream for each mail, resets one for each mail that its MTA gives up, and sends few frames that
// change nothing.
#pragma once

#include "relayd/mux/allowance.h"

namespace tsmtp::mux {

struct PeerAllowances {
  static constexpr double kOpensPerSecond = 20'000, kOpensAtOnce = 40'000;
  static constexpr double kResetsPerSecond = 200, kResetsAtOnce = 2000;
  static constexpr double kNoticesPerSecond = 50, kNoticesAtOnce = 500;
  static constexpr double kIdlePerSecond = 200, kIdleAtOnce = 4000;

  Allowance opens{"opened streams", kOpensPerSecond, kOpensAtOnce};
  Allowance resets{"reset and refused streams", kResetsPerSecond, kResetsAtOnce};
  Allowance notices{"notices", kNoticesPerSecond, kNoticesAtOnce};
  Allowance idle{"frames without effect", kIdlePerSecond, kIdleAtOnce};
};

}  // namespace tsmtp::mux
