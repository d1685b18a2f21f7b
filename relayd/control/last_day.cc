#include "relayd/control/last_day.h"

#include <algorithm>

namespace tsmtp::control {
namespace {

// A count that has begun anew, with a site that came back, has grown by all of it.
std::uint32_t grown(std::uint64_t before, std::uint64_t after) {
  return static_cast<std::uint32_t>(after < before ? after : after - before);
}

constexpr auto kAll = static_cast<std::int64_t>(LastDay::kPoints);

}  // namespace

void LastDay::note(const std::string& site, const Look& look, base::TimePoint now) {
  const std::int64_t number = number_of(now);
  const auto [found, is_new] = sites_.try_emplace(site);
  Site& known = found->second;
  if (is_new) {
    known.newest = number;
    known.last = look;
  }
  for (std::int64_t passed = std::max(known.newest + 1, number - kAll + 1); passed <= number; ++passed)
    at(known.ring, passed) = {};
  known.newest = number;
  DayPoint& point = at(known.ring, number);
  point.out += grown(known.last.out, look.out);
  point.in += grown(known.last.in, look.in);
  point.is_known = true;
  point.was_down = point.was_down || !look.is_up;
  known.last = look;
}

void LastDay::forget_old(base::TimePoint now) {
  const std::int64_t number = number_of(now);
  std::erase_if(sites_, [&](const auto& site) { return site.second.newest <= number - kAll; });
}

LastDay::Points LastDay::of(const std::string& site, base::TimePoint now) const {
  Points points(kPoints);
  const auto found = sites_.find(site);
  if (found == sites_.end()) return points;
  const Site& known = found->second;
  const std::int64_t number = number_of(now);
  for (std::size_t i = 0; i < kPoints; ++i) {
    const std::int64_t wanted = number - kAll + 1 + static_cast<std::int64_t>(i);
    if (wanted > known.newest || wanted <= known.newest - kAll || wanted < 0) continue;
    points[i] = known.ring[static_cast<std::size_t>(wanted) % kPoints];
  }
  return points;
}

}  // namespace tsmtp::control
