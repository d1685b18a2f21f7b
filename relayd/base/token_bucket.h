// How often something may happen: so many times a second in the long run, and a burst at once. Everything
// that has a rate counts it here. Time is handed in, and never runs backwards.
#pragma once

#include "relayd/base/clock.h"

namespace tsmtp::base {

class TokenBucket {
 public:
  TokenBucket(double per_second, double burst) : per_second_(per_second), burst_(burst) {}

  /// Another rate from now on; what was used stays used.
  void set_rate(double per_second, double burst);

  /// Takes one token. False: there is none, and none was taken.
  [[nodiscard]] bool try_take(TimePoint now);
  /// Takes tokens whether or not they are there: missing ones have to be waited for.
  void take(double tokens, TimePoint now);
  /// Tokens that were used for nothing.
  void give_back(double tokens);

  /// Whether try_take() would succeed.
  [[nodiscard]] bool has_token(TimePoint now) const { return used(now) + 1 <= burst_; }
  /// How long until then.
  [[nodiscard]] Duration wait(TimePoint now) const;
  /// What is left of the burst, as a part of it: 1 when nothing is used, below 0 in debt.
  [[nodiscard]] double left(TimePoint now) const { return 1 - used(now) / burst_; }
  /// How many tokens are out, and not yet made good by time.
  [[nodiscard]] double used(TimePoint now) const;
  /// The same at the last take().
  [[nodiscard]] double last_used() const { return used_; }

 private:
  double per_second_;
  double burst_;
  double used_ = 0;
  TimePoint counted_{};
};

}  // namespace tsmtp::base
