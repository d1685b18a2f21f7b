// What a relayd still has after another one has taken over from it, as the old one tells the new one, which
// is asked for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tsmtp::daemon {

struct LeftBehind {
  std::uint64_t process = 0;
  std::uint64_t sessions = 0;      ///< of our MTA
  std::uint64_t mails = 0;         ///< under way
  std::uint64_t connections = 0;   ///< of forwards and services
  std::chrono::seconds at_most{};  ///< then it ends, whatever it has

  bool operator==(const LeftBehind&) const = default;
};

[[nodiscard]] std::string to_text(const LeftBehind& left);
/// Nothing: it is none.
[[nodiscard]] std::optional<LeftBehind> parse_left_behind(std::string_view text);

}  // namespace tsmtp::daemon
