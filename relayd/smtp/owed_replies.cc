#include "relayd/smtp/owed_replies.h"

#include <utility>

namespace tsmtp::smtp {

Ticket OwedReplies::owe(Kind kind) {
  owed_.push_back({kind, std::nullopt});
  return first_ + owed_.size() - 1;
}

OwedReplies::Owed* OwedReplies::find(Ticket ticket) {
  if (ticket < first_ || ticket - first_ >= owed_.size()) return nullptr;
  return &owed_[ticket - first_];
}

std::optional<OwedReplies::Owed> OwedReplies::take_ready() {
  if (owed_.empty() || !owed_.front().reply) return std::nullopt;
  Owed first = std::move(owed_.front());
  owed_.pop_front();
  ++first_;
  return first;
}

void OwedReplies::drop() {
  first_ += owed_.size();
  owed_.clear();
}

}  // namespace tsmtp::smtp
