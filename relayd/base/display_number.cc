#include "relayd/base/display_number.h"

#include <algorithm>

namespace tsmtp::base {
namespace {

constexpr std::uint16_t kFirstDisplayPort = 6000;
constexpr std::size_t kMaxDigits = 5;

bool is_display_number(std::string_view text) {
  return !text.empty() && text.size() <= kMaxDigits &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::optional<std::string> display_number(const HostPort& address) {
  if (!address.is_unix()) {
    if (address.port < kFirstDisplayPort) return std::nullopt;
    return std::to_string(address.port - kFirstDisplayPort);
  }
  const std::string_view path = address.unix_path;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.starts_with('X') || !is_display_number(name.substr(1))) return std::nullopt;
  return std::string(name.substr(1));
}

}  // namespace tsmtp::base
