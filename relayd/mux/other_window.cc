#include "relayd/mux/other_window.h"

#include <algorithm>

namespace tsmtp::mux {

std::size_t OtherWindow::room(const Sample& sample, base::TimePoint now) {
  most_outstanding_ = std::max(most_outstanding_, sample.outstanding_bytes);
  const bool is_known = sample.round_trip.count() > 0 && sample.least_round_trip.count() > 0;
  if (is_known && now - tuned_ >= sample.round_trip) {
    tuned_ = now;
    tune(sample);
    most_outstanding_ = sample.outstanding_bytes;
  }
  return bytes_ > sample.outstanding_bytes ? bytes_ - sample.outstanding_bytes : 0;
}

// Once in a round trip: by as much as the queue is too long or too short, at most half or twice. A window
// that is not used does not grow.
void OtherWindow::tune(const Sample& sample) {
  constexpr double kMostAtOnce = 2;
  const auto queue = std::max<base::Duration>(sample.least_round_trip / 2, kShortQueue);
  const double factor = std::clamp(static_cast<double>((sample.least_round_trip + queue).count()) /
                                       static_cast<double>(sample.round_trip.count()),
                                   1 / kMostAtOnce, kMostAtOnce);
  if (factor >= 1 && most_outstanding_ < bytes_ / 2) return;
  const std::size_t used = factor >= 1 ? bytes_ : std::min(bytes_, most_outstanding_);
  bytes_ = std::clamp(static_cast<std::size_t>(static_cast<double>(used) * factor), kLeastBytes, kMostBytes);
}

}  // namespace tsmtp::mux
