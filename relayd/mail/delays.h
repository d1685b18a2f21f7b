// How long the mails of all sites took, part by part, as histograms: for metrics, that the part which is slow
// is seen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "relayd/base/clock.h"
#include "relayd/mail/summary.h"

namespace tsmtp::mail {

/// From a link that nobody notices to an MTA that somebody complains of.
inline constexpr std::array kDelayBoundsSeconds{0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0};

struct DelayHistogram {
  /// Of each bound those that took no longer, and longer than the one before; the last is beyond all.
  std::array<std::uint64_t, kDelayBoundsSeconds.size() + 1> counts{};
  base::Duration sum{};

  void add(base::Duration took);
};

struct Delays {
  struct OneWay {
    DelayHistogram total{};
    std::array<DelayHistogram, kTookParts.size()> parts{};  ///< in their order
  };
  OneWay out{};
  OneWay in{};

  void add(const Summary& summary);
};

}  // namespace tsmtp::mail
