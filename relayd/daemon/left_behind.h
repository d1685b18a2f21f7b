// What a relayd still has after another one has taken over from it, as the old one tells the new one, which
// is asked for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::daemon {

struct LeftBehind {
  std::uint64_t process = 0;
  std::uint64_t sessions = 0;      ///< of our MTA
  std::uint64_t mails = 0;         ///< under way
  std::uint64_t connections = 0;   ///< of forwards and services
  std::chrono::seconds at_most{};  ///< then it ends, whatever it has

  /// A mail or a connection.
  struct Held {
    std::string what;  ///< and whose
    std::chrono::seconds age{};

    bool operator==(const Held&) const = default;
  };
  static constexpr std::size_t kMostHeld = 8;
  std::vector<Held> held{};  ///< the oldest of them, oldest first; told one by one

  bool operator==(const LeftBehind&) const = default;
};

/// All but `held`.
[[nodiscard]] std::string to_text(const LeftBehind& left);
/// Nothing: it is none.
[[nodiscard]] std::optional<LeftBehind> parse_left_behind(std::string_view text);
/// A few hundred bytes at most.
[[nodiscard]] std::string to_text(const LeftBehind::Held& held);
[[nodiscard]] std::optional<LeftBehind::Held> parse_held(std::string_view text);
/// Only the oldest stay, oldest first.
void keep_oldest(std::vector<LeftBehind::Held>& held);

}  // namespace tsmtp::daemon
