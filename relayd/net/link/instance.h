// Which process of this hub we are, and which other one lives: the one before us, or one that takes our
// place.
#pragma once

#include <string>

namespace tsmtp::net {

/// 16 random bytes name a process, new at each start.
struct Instance {
  std::string own;
  /// Of the process before, whose sessions still stand; empty: it has ended, or was no predecessor.
  std::string predecessor{};
  /// Of the process that takes our place; empty: none does.
  std::string successor{};

  /// Whether another process of this hub may be handling a mail.
  [[nodiscard]] bool is_one_of_two() const { return !predecessor.empty() || !successor.empty(); }
};

}  // namespace tsmtp::net
