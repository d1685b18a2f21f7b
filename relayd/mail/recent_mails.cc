#include "relayd/mail/recent_mails.h"

#include <algorithm>
#include <utility>

namespace tsmtp::mail {
namespace {

// What a string takes beside its bytes, and more than that.
constexpr std::size_t kStringBytes = 64;

std::size_t size_of(const smtp::Reply& reply) {
  std::size_t bytes = kStringBytes;
  for (const std::string& line : reply.lines)
    bytes += kStringBytes + line.size();
  return bytes;
}

std::size_t size_of(const Summary& summary) {
  std::size_t bytes = sizeof(TracedMail) + 2 * kStringBytes + summary.site.size() + summary.helo.size() +
                      summary.sender.size() + size_of(summary.reply);
  for (const RecipientResult& recipient : summary.recipients)
    bytes += kStringBytes + recipient.address.size() + size_of(recipient.reply);
  return bytes;
}

std::uint64_t whole_milliseconds(base::Duration duration) {
  const auto count = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<std::uint64_t>(std::max<decltype(count)>(count, 0));
}

}  // namespace

Traced told(const TracedMail& mail) {
  const Stages& stages = mail.summary.stages;
  const base::TimePoint begun = stages.at(Stage::kBegun).value_or(mail.at);
  Traced out{.state = mail.state,
             .begun_ms = whole_milliseconds(mail.wall.time_since_epoch() - (mail.at - begun)),
             .reply = mail.summary.reply.code == 0 ? std::string() : mail.summary.reply.summary()};
  for (std::size_t stage = 0; stage < kStages; ++stage)
    if (const auto time = stages.at(static_cast<Stage>(stage)))
      out.after_ms.at(stage) = static_cast<std::uint32_t>(whole_milliseconds(*time - begun));
  return out;
}

void RecentMails::add(Summary summary, base::TimePoint now, base::WallTime wall) {
  if (summary.recipients.size() > kMaxRecipients) summary.recipients.resize(kMaxRecipients);
  bytes_ += size_of(summary);
  mails_.push_back({.summary = std::move(summary), .state = Traced::State::kEnded, .at = now, .wall = wall});
  by_transaction_[mails_.back().summary.transaction] = &mails_.back();
  while (bytes_ > max_bytes_) {
    bytes_ -= size_of(mails_.front().summary);
    const auto known = by_transaction_.find(mails_.front().summary.transaction);
    if (known != by_transaction_.end() && known->second == &mails_.front()) by_transaction_.erase(known);
    mails_.pop_front();
  }
}

const TracedMail* RecentMails::find(const std::string& transaction) const {
  const auto found = by_transaction_.find(transaction);
  return found == by_transaction_.end() ? nullptr : found->second;
}

std::vector<TracedMail> RecentMails::find(const Wanted& wanted, std::size_t most) const {
  std::vector<TracedMail> found;
  for (auto mail = mails_.rbegin(); mail != mails_.rend() && found.size() < most; ++mail)
    if (wanted(mail->summary)) found.push_back(*mail);
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace tsmtp::mail
