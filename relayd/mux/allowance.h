// How often a peer may do what costs us more than it, and the words that it hears when it does so more often:
// a peer with a valid key cannot keep us busy with nothing.
#pragma once

#include <string>
#include <utility>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/base/token_bucket.h"

namespace tsmtp::mux {

class Allowance {
 public:
  /// `per_second` on average, `burst` at once. `what` finishes "peer sent more than 100 a second of …".
  Allowance(std::string what, double per_second, double burst)
      : what_(std::move(what)), per_second_(per_second), tokens_(per_second, burst) {}

  [[nodiscard]] base::Result<void> use(base::TimePoint now);
  [[nodiscard]] bool is_used_up(base::TimePoint now) const { return !tokens_.has_token(now); }
  /// One that was used for nothing.
  void give_back() { tokens_.give_back(1); }
  /// Of what may be done at once: between 0 and 1.
  [[nodiscard]] double left(base::TimePoint now) const { return tokens_.left(now); }

 private:
  std::string what_;
  double per_second_;
  base::TokenBucket tokens_;
};

}  // namespace tsmtp::mux
