#include "relayd/ledger/expiry.h"

#include <utility>

namespace tsmtp::ledger {
namespace {

// More than NTP corrects in an hour, and than the time between two looks at the clocks.
constexpr std::chrono::minutes kNoJump{5};

}  // namespace

bool Expiry::look(base::WallTime wall, base::TimePoint now) {
  const auto by_wall = std::chrono::duration_cast<base::Duration>(wall - std::exchange(wall_, wall));
  const base::Duration passed = now - std::exchange(now_, now);
  if (by_wall > passed + kNoJump || by_wall < passed - kNoJump) judges_from_ = now + kGrace;
  return now >= judges_from_;
}

}  // namespace tsmtp::ledger
