#include "relayd/daemon/left_behind.h"

#include <array>
#include <charconv>

namespace tsmtp::daemon {

std::string to_text(const LeftBehind& left) {
  return std::to_string(left.process) + ' ' + std::to_string(left.sessions) + ' ' +
         std::to_string(left.mails) + ' ' + std::to_string(left.connections) + ' ' +
         std::to_string(left.at_most.count());
}

std::optional<LeftBehind> parse_left_behind(std::string_view text) {
  std::array<std::uint32_t, 5> numbers{};
  for (std::uint32_t& number : numbers) {
    const char* const end = text.data() + text.size();
    const auto [behind, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(behind - text.data()));
    if (text.starts_with(' ') && &number != &numbers.back()) text.remove_prefix(1);
  }
  if (!text.empty()) return std::nullopt;
  return LeftBehind{.process = numbers[0],
                    .sessions = numbers[1],
                    .mails = numbers[2],
                    .connections = numbers[3],
                    .at_most = std::chrono::seconds(numbers[4])};
}

}  // namespace tsmtp::daemon
