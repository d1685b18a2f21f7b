#include "relayd/base/time_of_day.h"

#include <algorithm>
#include <ctime>

namespace tsmtp::base {
namespace {

std::tm local(WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm broken_down{};
  localtime_r(&seconds, &broken_down);
  return broken_down;
}

}  // namespace

WallTime wall_time(std::int64_t seconds) {
  return WallTime(std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, kLastSecond)));
}

std::string time_of_day(WallTime time, WallTime now) {
  const std::tm then = local(time);
  const std::tm today = local(now);
  const bool same_day = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
  char text[32];
  const std::size_t length =
      std::strftime(text, sizeof text, same_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &then);
  return {text, length};
}

}  // namespace tsmtp::base
