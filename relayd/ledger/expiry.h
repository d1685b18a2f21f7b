// When what the ledger keeps may be judged by its age, which is told by the wall clock. That may jump by
// days, or have been wrong when a row was written, and a row that is forgotten too early lets a mail come
// twice (P4).
#pragma once

#include "relayd/base/clock.h"

namespace tsmtp::ledger {

class Expiry {
 public:
  /// From the start, and from each jump of the clock, no row is forgotten for so long: longer than MTAs wait
  /// between two tries.
  static constexpr std::chrono::hours kGrace{8};

  Expiry(base::WallTime wall, base::TimePoint now) : wall_(wall), now_(now), judges_from_(now + kGrace) {}

  /// Whether rows may be judged now. To be asked now and then, for that is how jumps are seen.
  [[nodiscard]] bool look(base::WallTime wall, base::TimePoint now);

 private:
  base::WallTime wall_;
  base::TimePoint now_;
  base::TimePoint judges_from_;
};

}  // namespace tsmtp::ledger
