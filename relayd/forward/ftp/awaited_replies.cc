#include "relayd/forward/ftp/awaited_replies.h"

#include <algorithm>

namespace tsmtp::forward::ftp {
namespace {

bool is_address(int code) {
  return code >= 227 && code <= 229;
}
bool is_status(int code) {
  return code >= 211 && code <= 213;
}

}  // namespace

base::Result<void> AwaitedReplies::push(Awaited awaited) {
  if (waiting_.size() >= kMax)
    return base::Error{"more than " + std::to_string(kMax) + " commands wait for their replies"};
  waiting_.push_back(std::move(awaited));
  return {};
}

Awaited* AwaitedReplies::find(int code) {
  const auto first = [&](auto matches) -> Awaited* {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), matches);
    return found == waiting_.end() ? nullptr : &*found;
  };
  // A server that answers an interrupted command with one reply too few is found out here.
  if (is_address(code))
    if (Awaited* passive = first([](const Awaited& one) { return one.is_passive(); })) return passive;
  Awaited* next = first([](const Awaited& one) { return one.asked != Asked::kOwn; });
  if (next == nullptr || code == 421) return nullptr;
  if (is_status(code) && next->asked == Asked::kTransfer && next->under_way)
    if (Awaited* status = first([](const Awaited& one) { return one.asked == Asked::kStatus; }))
      return status;
  // And here one that answers with one reply too many.
  if (next->is_passive() && code >= 200 && code < 300 && !is_address(code)) return nullptr;
  return next;
}

void AwaitedReplies::drop(const Awaited* awaited) {
  const auto at =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Awaited& one) { return &one == awaited; });
  if (at == waiting_.end()) return;
  if (!at->is_passive()) {
    waiting_.erase(at);
    return;
  }
  const auto overtaken = [](const Awaited& one) { return one.asked != Asked::kOwn; };
  waiting_.erase(std::remove_if(waiting_.begin(), at, overtaken), at + 1);
}

std::string AwaitedReplies::take_own() {
  std::string text;
  while (!waiting_.empty() && waiting_.front().asked == Asked::kOwn) {
    text += waiting_.front().text;
    waiting_.pop_front();
  }
  return text;
}

}  // namespace tsmtp::forward::ftp
