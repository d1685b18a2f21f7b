// How often a peer may do what costs us more than it (a token bucket), so that a peer with a valid key cannot
// keep us busy with nothing.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"

namespace tsmtp::mux {

class Allowance {
 public:
  /// `per_second` on average, `burst` at once. `what` finishes "peer sent more than 100 a second of …".
  Allowance(std::string what, double per_second, double burst)
      : what_(std::move(what)), per_second_(per_second), burst_(burst), left_(burst) {}

  [[nodiscard]] base::Result<void> use(base::TimePoint now);
  [[nodiscard]] bool is_used_up(base::TimePoint now);
  /// One that was used for nothing.
  void give_back() { left_ = std::min(burst_, left_ + 1); }
  /// Of what may be done at once: between 0 and 1.
  [[nodiscard]] double left(base::TimePoint now) const;

 private:
  void refill(base::TimePoint now);

  std::string what_;
  double per_second_;
  double burst_;
  double left_;
  base::TimePoint counted_{};
};

}  // namespace tsmtp::mux
