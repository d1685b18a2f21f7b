// How long to wait before a directory that is away is tried again: longer each time, but never long. An edit
// made while it was away must be in the tables soon after it is back.
#pragma once

#include <algorithm>
#include <chrono>

namespace tsmtp::mailertable {

class RetryPace {
 public:
  /// After one more failure; `chance` is from 0 to 1, and keeps hubs from trying all at once.
  [[nodiscard]] std::chrono::milliseconds wait(double chance) {
    const auto whole = wait_;
    wait_ = std::min(wait_ * 2, kLongest);
    return std::chrono::duration_cast<std::chrono::milliseconds>(whole * (0.75 + chance / 4));
  }
  void succeeded() { wait_ = kFirst; }

 private:
  static constexpr std::chrono::milliseconds kFirst{500};
  static constexpr std::chrono::milliseconds kLongest{4000};

  std::chrono::milliseconds wait_ = kFirst;
};

}  // namespace tsmtp::mailertable
