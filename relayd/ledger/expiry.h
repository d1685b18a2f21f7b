// Decides when the ledger may judge its rows by their age, which the wall clock tells. That may jump by
// days, or have been wrong when a row was written, and a row that is forgotten too early lets a mail come
// twice (P4).
#pragma once

#include "relayd/base/clock.h"

namespace tsmtp::ledger {

class Expiry {
 public:
  /// For so long after the start, and after each jump of the clock, no row is forgotten: longer than MTAs
  /// wait between two tries.
  static constexpr std::chrono::hours kGrace{8};

  Expiry(base::WallTime wall, base::TimePoint now) : wall_(wall), now_(now), judges_from_(now + kGrace) {}

  /// Whether rows may be judged now. To be asked now and then, because that is how it sees jumps.
  [[nodiscard]] bool look(base::WallTime wall, base::TimePoint now);

 private:
  base::WallTime wall_;
  base::TimePoint now_;
  base::TimePoint judges_from_;
};

}  // namespace tsmtp::ledger
