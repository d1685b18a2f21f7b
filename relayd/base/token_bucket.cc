#include "relayd/base/token_bucket.h"

#include <algorithm>
#include <chrono>

namespace tsmtp::base {

void TokenBucket::set_rate(double per_second, double burst) {
  per_second_ = per_second;
  burst_ = burst;
}

double TokenBucket::used(TimePoint now) const {
  const std::chrono::duration<double> passed = now - counted_;
  return std::max(0.0, used_ - std::max(0.0, passed.count()) * per_second_);
}

bool TokenBucket::try_take(TimePoint now) {
  if (!has_token(now)) return false;
  take(1, now);
  return true;
}

void TokenBucket::take(double tokens, TimePoint now) {
  used_ = used(now) + tokens;
  counted_ = std::max(counted_, now);
}

void TokenBucket::give_back(double tokens) {
  used_ = std::max(0.0, used_ - tokens);
}

Duration TokenBucket::wait(TimePoint now) const {
  const double over = used(now) + 1 - burst_;
  if (over <= 0) return {};
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(over / per_second_));
}

}  // namespace tsmtp::base
