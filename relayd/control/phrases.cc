#include "relayd/control/phrases.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <string_view>

#include "relayd/base/bytes.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {

std::string span_since(base::WallTime then, base::WallTime now) {
  return span_text(std::chrono::duration_cast<std::chrono::seconds>(now - then));
}

std::string since(base::WallTime then, base::WallTime now) {
  return fmt::format("since {} ({})", local_time(then, now), span_since(then, now));
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < kUnits.size(); ++unit)
    amount /= 1024;
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string mails_text(std::uint64_t count) {
  return fmt::format("{} mail{}", count, count == 1 ? "" : "s");
}

std::string list_text(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts)
    out += (out.empty() ? "" : ", ") + base::escaped(part);
  return out;
}

}  // namespace tsmtp::control
