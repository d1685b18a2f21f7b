#include "relayd/mux/allowance.h"

#include <algorithm>
#include <cmath>

namespace tsmtp::mux {

void Allowance::refill(base::TimePoint now) {
  const std::chrono::duration<double> passed = now - counted_;
  counted_ = std::max(counted_, now);
  left_ = std::min(burst_, left_ + std::max(0.0, passed.count()) * per_second_);
}

double Allowance::left(base::TimePoint now) const {
  Allowance then = *this;
  then.refill(now);
  return then.left_ / burst_;
}

bool Allowance::is_used_up(base::TimePoint now) {
  refill(now);
  return left_ < 1;
}

base::Result<void> Allowance::use(base::TimePoint now) {
  if (is_used_up(now))
    return base::Error{"peer sent more than " + std::to_string(std::lround(per_second_)) + " a second of " +
                       what_};
  left_ -= 1;
  return {};
}

}  // namespace tsmtp::mux
