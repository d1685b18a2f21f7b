#include "relayd/control/time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace tsmtp::control {
namespace {

std::tm local(base::WallTime time) {
  const std::time_t seconds = base::WallTime::clock::to_time_t(time);
  std::tm out{};
  localtime_r(&seconds, &out);
  return out;
}

}  // namespace

std::string rfc3339(base::WallTime time) {
  const std::time_t seconds = base::WallTime::clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string rfc3339_milliseconds(base::WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(time - whole);
  std::string text = rfc3339(whole);
  text.insert(text.size() - 1, fmt::format(".{:03}", rest.count()));
  return text;
}

std::string local_time(base::WallTime time, base::WallTime now) {
  const std::tm then = local(time);
  const std::tm today = local(now);
  std::string clock = fmt::format("{:02}:{:02}:{:02}", then.tm_hour, then.tm_min, then.tm_sec);
  if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday) return clock;
  return fmt::format("{:04}-{:02}-{:02} {}", then.tm_year + 1900, then.tm_mon + 1, then.tm_mday, clock);
}

std::string span_text(std::chrono::seconds span) {
  constexpr long long kMinute = 60;
  constexpr long long kHour = 60 * kMinute;
  constexpr long long kDay = 24 * kHour;
  const long long seconds = std::max<long long>(span.count(), 0);
  if (seconds >= kDay) return fmt::format("{} d {} h", seconds / kDay, seconds % kDay / kHour);
  if (seconds >= kHour) return fmt::format("{} h {} min", seconds / kHour, seconds % kHour / kMinute);
  if (seconds >= kMinute) return fmt::format("{} min {} s", seconds / kMinute, seconds % kMinute);
  return fmt::format("{} s", seconds);
}

}  // namespace tsmtp::control
