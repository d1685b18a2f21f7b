// When the key of this hub is old enough to be replaced, and when the one before is retired. Both are told by
// the wall clock, which may be wrong or jump: neither is done for a jump's sake, nor twice.
#pragma once

#include <cstdint>
#include <optional>

#include "relayd/base/clock.h"
#include "relayd/ledger/expiry.h"

namespace tsmtp::daemon {

class RotationClock {
 public:
  RotationClock(base::WallTime wall, base::TimePoint now) : expiry_(wall, now), started_(now) {}

  /// To be called now and then, before the questions, for that is how jumps are seen.
  void look(base::WallTime wall, base::TimePoint now);
  /// Whether a key that was made then is older than `every`. One that says that it was made tomorrow is as
  /// old as this relayd.
  [[nodiscard]] bool is_due(std::int64_t made, std::chrono::seconds every) const;
  /// No key is due for a day: it has been tried.
  void put_off() { not_before_ = now_ + std::chrono::hours(24); }
  /// The key was replaced just now, and the one before is retired at that time.
  void replaced(std::int64_t retires) { retires_ = now_ + std::chrono::seconds(retires - wall_seconds()); }
  /// Whether the key before is retired now; by the wall clock it is at `retires`.
  [[nodiscard]] bool is_over(std::int64_t retires) const;

 private:
  [[nodiscard]] std::int64_t wall_seconds() const;

  ledger::Expiry expiry_;
  base::TimePoint started_;
  base::WallTime wall_{};
  base::TimePoint now_{};
  base::TimePoint not_before_{};
  std::optional<base::TimePoint> retires_;  // of a key that this relayd has replaced
  bool is_trusted_ = false;                 // the wall clock
};

}  // namespace tsmtp::daemon
