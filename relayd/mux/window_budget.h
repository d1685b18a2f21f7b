// What the streams of a session may take together beyond the window that each of them is granted anyway.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace tsmtp::mux {

class WindowBudget {
 public:
  explicit WindowBudget(std::size_t bytes) : left_(bytes) {}

  /// Takes up to `wanted` bytes; how many there were.
  [[nodiscard]] std::size_t take(std::size_t wanted) {
    const std::size_t taken = std::min(wanted, left_);
    left_ -= taken;
    return taken;
  }
  void give_back(std::size_t bytes) { left_ += bytes; }
  [[nodiscard]] std::size_t left() const { return left_; }

 private:
  std::size_t left_;
};

}  // namespace tsmtp::mux
