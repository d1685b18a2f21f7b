#include "relayd/daemon/rotation_clock.h"

#include "relayd/base/time_of_day.h"

namespace tsmtp::daemon {
namespace {

constexpr std::chrono::hours kClocksApart{24};

}  // namespace

void RotationClock::look(base::WallTime wall, base::TimePoint now) {
  wall_ = wall;
  now_ = now;
  is_trusted_ = expiry_.look(wall, now);
}

std::int64_t RotationClock::wall_seconds() const {
  return std::chrono::duration_cast<std::chrono::seconds>(wall_.time_since_epoch()).count();
}

bool RotationClock::is_due(std::int64_t made, std::chrono::seconds every) const {
  if (every == std::chrono::seconds::zero() || !is_trusted_ || now_ < not_before_) return false;
  const auto age = wall_ - base::wall_time(made);
  return age < -kClocksApart ? now_ - started_ >= every : age >= every;
}

bool RotationClock::is_over(std::int64_t retires) const {
  return retires_ ? now_ >= *retires_ : is_trusted_ && wall_seconds() >= retires;
}

}  // namespace tsmtp::daemon
