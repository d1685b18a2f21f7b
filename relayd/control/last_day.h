// What the last day was like, in points of five minutes: mails each way, and whether the link was up. In
// memory only, for the page that people look at; a few kilobytes a site, whatever happens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::control {

struct DayPoint {
  std::uint32_t out = 0;  ///< mails that were delivered
  std::uint32_t in = 0;
  bool is_known = false;  ///< somebody has looked
  bool was_down = false;  ///< the link, at some look
};

class LastDay {
 public:
  static constexpr std::chrono::minutes kStep{5};
  static constexpr std::size_t kPoints = 288;
  using Points = std::vector<DayPoint>;  ///< the oldest first, kPoints of them

  /// Of a site as it is now: mails since the start, and its link.
  struct Look {
    std::uint64_t out = 0;
    std::uint64_t in = 0;
    bool is_up = false;
  };
  /// To be called at least once in kStep for each site.
  void note(const std::string& site, const Look& look, base::TimePoint now);
  /// Forgets sites that nobody has looked at for a day.
  void forget_old(base::TimePoint now);

  [[nodiscard]] Points of(const std::string& site, base::TimePoint now) const;

 private:
  struct Site {
    Points ring = Points(kPoints);  // a point lies at its number modulo kPoints
    std::int64_t newest = 0;
    Look last;
  };

  static std::int64_t number_of(base::TimePoint time) { return time.time_since_epoch() / kStep; }
  static DayPoint& at(Points& ring, std::int64_t number) {
    return ring[static_cast<std::size_t>(number) % kPoints];
  }

  std::map<std::string, Site> sites_;
};

}  // namespace tsmtp::control
