// Transactions of which the far side has said that it does not know them. The near side may have told its MTA
// to try again, or commit the mail anew: one that comes after that, on a session that lagged behind, must
// never be delivered (P4). Nothing of it need survive a restart, for no session does.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_set>
#include <utility>

#include "relayd/base/clock.h"

namespace tsmtp::mail {

class Disowned {
 public:
  /// Bytes that a line holds back come within this time, or never: their session is given up long before.
  static constexpr base::Duration kAge = std::chrono::hours(1);
  static constexpr std::size_t kMost = 10'000;

  /// False: there is no room for another now, and "unknown" must not be said.
  [[nodiscard]] bool add(const std::string& transaction, base::TimePoint now);
  [[nodiscard]] bool contains(const std::string& transaction) const { return all_.contains(transaction); }

 private:
  std::unordered_set<std::string> all_;
  std::deque<std::pair<base::TimePoint, std::string>> oldest_first_;
};

}  // namespace tsmtp::mail
