#include "relayd/forward/pace.h"

namespace tsmtp::forward {
namespace {

// Enough for a line of a dialogue, so that a slow limit does not make crumbs of it.
constexpr double kLeastBurst = 256;
constexpr double kPartOfASecond = 0.1;
// Waking up for less costs more than it carries.
constexpr double kWorthwhile = 0.5;

}  // namespace

void Pace::set_rate(std::uint64_t bytes_per_second) {
  bytes_per_second_ = bytes_per_second;
  const auto rate = static_cast<double>(std::max<std::uint64_t>(bytes_per_second, 1));
  burst_ = std::max(rate * kPartOfASecond, kLeastBurst);
  tokens_.set_rate(rate, burst_);
}

std::size_t Pace::allowed(std::size_t wanted, base::TimePoint now) const {
  if (!is_limited()) return wanted;
  const double left = burst_ - tokens_.used(now);
  return left < 1 ? 0 : std::min(wanted, static_cast<std::size_t>(left));
}

void Pace::take(std::size_t bytes, base::TimePoint now) {
  if (is_limited()) tokens_.take(static_cast<double>(bytes), now);
}

base::Duration Pace::wait(base::TimePoint now) const {
  const double excess = tokens_.used(now) - burst_ * (1 - kWorthwhile);
  if (!is_limited() || excess <= 0) return base::Duration::zero();
  return std::chrono::duration_cast<base::Duration>(
      std::chrono::duration<double>(excess / static_cast<double>(bytes_per_second_)));
}

}  // namespace tsmtp::forward
