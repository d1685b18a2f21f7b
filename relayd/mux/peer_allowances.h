// What the peer of a session may do per second, on average and at once. An honest one stays far below: it
// opens a stream for each mail, resets one for each mail that its MTA gives up, and sends few frames that
// change nothing. Clients of other services may break off as many connections as they like: what their
// streams use is counted apart.
#pragma once

#include "relayd/mux/allowance.h"
#include "relayd/mux/precedence.h"

namespace tsmtp::mux {

struct PeerAllowances {
  static constexpr double kOpensPerSecond = 20'000, kOpensAtOnce = 40'000;
  static constexpr double kResetsPerSecond = 200, kResetsAtOnce = 2000;
  static constexpr double kOtherResetsPerSecond = 400, kOtherResetsAtOnce = 4000;
  static constexpr double kNoticesPerSecond = 50, kNoticesAtOnce = 500;
  static constexpr double kIdlePerSecond = 200, kIdleAtOnce = 4000;

  Allowance opens{"opened streams", kOpensPerSecond, kOpensAtOnce};
  PerPrecedence<Allowance> resets{.first = {"reset and refused streams", kResetsPerSecond, kResetsAtOnce},
                                  .other = {"reset and refused streams of other services than the first",
                                            kOtherResetsPerSecond, kOtherResetsAtOnce}};
  Allowance notices{"notices", kNoticesPerSecond, kNoticesAtOnce};
  Allowance idle{"frames without effect", kIdlePerSecond, kIdleAtOnce};
};

/// What we allow our own users of it: each stream that we open puts a Reset aside, because any may end by one
/// of ours or of the peer's. Half of what the peer allows; of other services a quarter, because either side's
/// streams may be reset by both sides, and all that are open at once.
[[nodiscard]] inline PerPrecedence<Allowance> own_resets() {
  return {.first = {"", PeerAllowances::kResetsPerSecond / 2, PeerAllowances::kResetsAtOnce / 2},
          .other = {"", PeerAllowances::kOtherResetsPerSecond / 4, PeerAllowances::kOtherResetsAtOnce / 4}};
}

}  // namespace tsmtp::mux
