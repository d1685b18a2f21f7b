#include "relayd/mux/standstill.h"

#include <algorithm>
#include <utility>

namespace tsmtp::mux {

void Standstill::sent(base::TimePoint now) {
  if (!watching_since_) watching_since_ = now;
}

Standstill::Change Standstill::sample(const Sample& sample, base::TimePoint now) {
  if (!watching_since_) return Change::kNone;
  if (!sample.outstanding) {
    watching_since_.reset();
    return std::exchange(since_, std::nullopt) ? Change::kMoves : Change::kNone;
  }
  // Before there was anything to answer, silence says nothing.
  const base::TimePoint heard = std::max(now - sample.silence, *watching_since_);
  if (since_) {
    // A packet that the line had kept is heard too: it moves when something new has been acknowledged.
    if (sample.timeouts_in_row > 0 || heard <= *since_) return Change::kNone;
    since_.reset();
    return Change::kMoves;
  }
  if (sample.timeouts_in_row < kTimeouts || now - heard < kSilence) return Change::kNone;
  since_ = heard;
  return Change::kStandsStill;
}

}  // namespace tsmtp::mux
