// The keys that were shown to us last and that no site is pinned to: for an administrator who has yet to pin
// one, or wonders who knocks. Bounded; the one that was seen first is forgotten first.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/control/status.h"

namespace tsmtp::daemon {

class RefusedKeys {
 public:
  /// `pin`: as text.
  void add(const std::string& pin, const std::string& address, base::WallTime now);
  /// How often any was refused since the start.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] const std::deque<control::RefusedKey>& last() const { return last_; }

 private:
  std::uint64_t count_ = 0;
  std::deque<control::RefusedKey> last_;
};

}  // namespace tsmtp::daemon
