#include "relayd/daemon/left_behind.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tsmtp::daemon {
namespace {

constexpr std::size_t kMostBytesHeld = 400;

}  // namespace

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

std::string to_text(const LeftBehind::Held& held) {
  return std::to_string(held.age.count()) + ' ' + held.what.substr(0, kMostBytesHeld);
}

std::optional<LeftBehind::Held> parse_held(std::string_view text) {
  std::uint32_t age = 0;
  const auto [behind, error] = std::from_chars(text.data(), text.data() + text.size(), age);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(behind - text.data()));
  if (text.size() < 2 || text.front() != ' ') return std::nullopt;
  return LeftBehind::Held{.what = std::string(text.substr(1)), .age = std::chrono::seconds(age)};
}

void keep_oldest(std::vector<LeftBehind::Held>& held) {
  std::stable_sort(held.begin(), held.end(), [](const auto& a, const auto& b) { return a.age > b.age; });
  if (held.size() > LeftBehind::kMostHeld) held.resize(LeftBehind::kMostHeld);
}

}  // namespace tsmtp::daemon
