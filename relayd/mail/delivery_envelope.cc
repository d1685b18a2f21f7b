#include "relayd/mail/delivery_envelope.h"

#include <algorithm>

namespace tsmtp::mail {
namespace {

// Of a recipient beside its argument, and of one that was refused for want of memory.
constexpr std::size_t kFarRecipientBytes = 1024;
constexpr std::size_t kRefusedRecipientBytes = 512;
// Of a verdict on a recipient where memory is short.
constexpr std::size_t kShortReplyBytes = 200;

bool is_positive(const std::optional<smtp::Reply>& verdict) {
  return verdict && verdict->is_positive();
}

}  // namespace

void DeliveryEnvelope::drop_size() {
  std::erase_if(mail_.parameters, [](const auto& p) { return p.keyword == "SIZE"; });
}

bool DeliveryEnvelope::take_room(std::size_t argument_bytes) {
  return memory_.take(kFarRecipientBytes + 4 * argument_bytes);
}

bool DeliveryEnvelope::take_room_of_reserve() {
  return memory_.take_of_reserve(kRefusedRecipientBytes);
}

DeliveryEnvelope::Index DeliveryEnvelope::add(Recipient recipient) {
  recipients_.push_back(std::move(recipient));
  return static_cast<Index>(recipients_.size() - 1);
}

const smtp::Reply& DeliveryEnvelope::keep_verdict(Index recipient, smtp::Reply reply) {
  if (!memory_.take(smtp::kept_bytes(reply))) reply = smtp::shortened(std::move(reply), kShortReplyBytes);
  return recipients_[recipient].verdict.emplace(std::move(reply));
}

bool DeliveryEnvelope::is_answered() const {
  return mail_verdict_ && std::all_of(recipients_.begin(), recipients_.end(),
                                      [](const Recipient& r) { return r.verdict.has_value(); });
}

std::vector<DeliveryEnvelope::Index> DeliveryEnvelope::refused() const {
  std::vector<Index> refused;
  for (std::size_t i = 0; i < recipients_.size(); ++i)
    if (!is_positive(recipients_[i].verdict)) refused.push_back(static_cast<Index>(i));
  return refused;
}

std::optional<smtp::Reply> DeliveryEnvelope::refusal_for_all() const {
  if (mail_verdict_ && !mail_verdict_->is_positive()) return mail_verdict_;
  const bool is_for_all =
      !recipients_.empty() && std::all_of(recipients_.begin(), recipients_.end(), [](const Recipient& r) {
        return r.verdict && !r.verdict->is_positive();
      });
  return is_for_all ? recipients_.front().verdict : std::nullopt;
}

}  // namespace tsmtp::mail
