// The replies that an SMTP server owes, in the order of the commands (RFC 2920 section 3.2). They may be
// given in any order; none leaves before those in front of it.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "relayd/smtp/reply.h"

namespace tsmtp::smtp {

/// Names the reply that a request still owes.
using Ticket = std::uint64_t;

class OwedReplies {
 public:
  enum class Kind { kOther, kMail, kRcpt, kData, kChunk, kFinal };

  struct Owed {
    Kind kind;
    std::optional<Reply> reply;
  };

  [[nodiscard]] Ticket owe(Kind kind);
  /// Null: it has left, or was dropped.
  [[nodiscard]] Owed* find(Ticket ticket);
  /// The first one, if it has been given: it is owed no more.
  [[nodiscard]] std::optional<Owed> take_ready();
  /// None of them is to be given any more.
  void drop();

  [[nodiscard]] bool empty() const { return owed_.empty(); }
  [[nodiscard]] std::size_t size() const { return owed_.size(); }

 private:
  std::deque<Owed> owed_;
  Ticket first_ = 1;  // of owed_.front()
};

}  // namespace tsmtp::smtp
