// Recipients whom the far MTA refused after they had been accepted unseen. The next time one of them stands
// first in a mail, its verdict is awaited: a client that gives its recipients one by one, and gives up when
// the others are deferred (OpenSMTPD), would otherwise never hear the refusal. Bounded; whom it forgets is
// accepted unseen again.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_set>

namespace tsmtp::mail {

class RefusedRecipients {
 public:
  explicit RefusedRecipients(std::size_t capacity = 1000) : capacity_(capacity) {}

  /// `address` is a digest of sender and recipient.
  void refused(const std::string& address);
  void accepted(const std::string& address);
  [[nodiscard]] bool contains(const std::string& address) const { return known_.count(address) > 0; }

 private:
  std::size_t capacity_;
  std::unordered_set<std::string> known_;
  std::deque<std::string> oldest_first_;
};

}  // namespace tsmtp::mail
