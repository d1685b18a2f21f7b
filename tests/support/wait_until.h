// Waiting for a condition: the only place in the tests that polls.
#pragma once

#include <chrono>
#include <thread>

namespace tsmtp::support {

/// A machine that runs tests may be slow, and busy with other things: whoever waits this long has waited in
/// vain.
inline constexpr std::chrono::seconds kPatience{60};

/// Whether `condition` became true within `patience`.
template <typename Condition>
[[nodiscard]] bool wait_until(Condition condition, std::chrono::milliseconds patience = kPatience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace tsmtp::support
