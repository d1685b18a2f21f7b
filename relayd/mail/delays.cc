#include "relayd/mail/delays.h"

#include <algorithm>

namespace tsmtp::mail {

void DelayHistogram::add(base::Duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  const auto* const bound = std::lower_bound(kDelayBoundsSeconds.begin(), kDelayBoundsSeconds.end(), seconds);
  ++counts[static_cast<std::size_t>(bound - kDelayBoundsSeconds.begin())];
  sum += took;
}

void Delays::add(const Summary& summary) {
  OneWay& way = summary.direction == Direction::kOut ? out : in;
  way.total.add(summary.took.total);
  for (std::size_t i = 0; i < kTookParts.size(); ++i)
    way.parts[i].add(summary.took.*kTookParts[i].value);
}

}  // namespace tsmtp::mail
