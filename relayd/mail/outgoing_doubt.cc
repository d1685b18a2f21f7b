#include "relayd/mail/outgoing_doubt.h"

#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::mail {

OutgoingDoubt::OutgoingDoubt(IntakeHost& host, const base::DigestMaker& digests, std::string sender)
    : host_(host),
      key_(digests),
      digests_(digests.for_new_mail()),
      earlier_key_(digests.earlier()),
      transaction_(digests_.new_identifier()),
      sender_(std::move(sender)),
      content_(digests_.start()),
      content_by_earlier_key_(earlier_key_ == nullptr ? nullptr : earlier_key_->start()) {}

std::string OutgoingDoubt::address_by(const base::DigestMaker& maker, const std::string& recipient) const {
  return maker.digest(sender_ + '\n' + recipient);  // no address holds an LF
}

std::string OutgoingDoubt::address_digest(const std::string& recipient) const {
  return address_by(digests_, recipient);
}

bool OutgoingDoubt::is_in_doubt(const std::string& recipient, const std::string& address_digest) const {
  if (host_.is_in_doubt(address_digest)) return true;
  return earlier_key_ != nullptr && host_.is_in_doubt(address_by(*earlier_key_, recipient));
}

std::set<std::string> OutgoingDoubt::transactions_to_split(const std::string& recipient,
                                                           const std::string& address_digest) const {
  auto transactions = host_.transactions_to_split(address_digest);
  if (earlier_key_ != nullptr)
    transactions.merge(host_.transactions_to_split(address_by(*earlier_key_, recipient)));
  return transactions;
}

// Only the content tells whether it is a second try: until then nobody is held up.
bool OutgoingDoubt::may_join(const std::string& recipient, const std::string& address_digest) const {
  return recipients_.empty() || transactions_to_split(recipient, address_digest) == to_split_;
}

void OutgoingDoubt::add_recipient(std::string path, std::string address_digest) {
  if (recipients_.empty()) to_split_ = transactions_to_split(path, address_digest);
  recipients_.push_back({.path = std::move(path), .address_digest = std::move(address_digest)});
}

// Content, sender and recipient; not what may differ between two tries of one mail (HELO, parameters, order).
void OutgoingDoubt::end_content(std::uint64_t size_bytes, const Indices& accepted) {
  std::string size;
  base::put_u64(size, size_bytes);
  content_->update(size);
  const std::string content = content_->finish();
  std::string by_earlier_key;
  if (content_by_earlier_key_) {
    content_by_earlier_key_->update(size);
    by_earlier_key = content_by_earlier_key_->finish();
  }
  for (const std::size_t i : accepted) {
    Recipient& recipient = recipients_[i];
    recipient.mail_digest = digests_.digest(content + sender_ + '\n' + recipient.path);
    recipient.earlier = host_.claim_doubt(recipient.mail_digest);
    if (!recipient.earlier && content_by_earlier_key_)
      recipient.earlier =
          host_.claim_doubt(earlier_key_->digest(by_earlier_key + sender_ + '\n' + recipient.path));
    is_retry_ = is_retry_ || recipient.earlier;
  }
}

void OutgoingDoubt::claim(const Indices& accepted) {
  is_recorded_ = true;
  for (const std::size_t i : accepted) {
    Recipient& recipient = recipients_[i];
    recipient.earlier = host_.claim_doubt(recipient.mail_digest);
    is_retry_ = is_retry_ || recipient.earlier;
  }
}

void OutgoingDoubt::drop() {
  is_recorded_ = false;
  host_.settle_doubt(transaction_);
}

// It is the earlier try that stays in doubt, or is over.
void OutgoingDoubt::drop_recorded() {
  if (is_recorded_) drop();
}

bool OutgoingDoubt::is_anybody_claimed() const {
  return std::any_of(recipients_.begin(), recipients_.end(),
                     [](const Recipient& r) { return r.earlier.has_value(); });
}

std::set<std::string> OutgoingDoubt::earlier_transactions() const {
  std::set<std::string> transactions;
  for (const Recipient& recipient : recipients_)
    if (recipient.earlier) transactions.insert(recipient.earlier->transaction);
  return transactions;
}

std::optional<std::string> OutgoingDoubt::only_earlier(const Indices& wanted) const {
  const auto transactions = earlier_transactions();
  const bool has_all =
      std::all_of(wanted.begin(), wanted.end(), [this](std::size_t i) { return is_claimed(i); });
  return has_all && transactions.size() == 1 ? std::optional(*transactions.begin()) : std::nullopt;
}

void OutgoingDoubt::record(const Indices& wanted) {
  is_recorded_ = false;
  std::vector<ledger::DoubtfulRecipient> doubtful;
  for (const std::size_t i : wanted)
    doubtful.push_back({.index = static_cast<std::uint16_t>(i),
                        .mail = recipients_[i].mail_digest,
                        .address = recipients_[i].address_digest});
  host_.record_doubt(transaction_, doubtful);
}

void OutgoingDoubt::split() {
  for (const Recipient& recipient : recipients_)
    if (recipient.earlier) host_.must_go_alone(*recipient.earlier);
}

void OutgoingDoubt::forget_earlier() {
  for (const std::string& transaction : earlier_transactions())
    host_.settle_doubt(transaction);
  for (Recipient& recipient : recipients_)
    recipient.earlier.reset();
  is_retry_ = false;
}

void OutgoingDoubt::settle(std::size_t recipient) {
  drop_recorded();
  (void)host_.settle_doubt(*recipients_[recipient].earlier);
  recipients_[recipient].earlier.reset();
}

void OutgoingDoubt::mark() {
  if (!is_retry_) return host_.mark_in_doubt(transaction_);
  drop_recorded();
  for (const Recipient& recipient : recipients_)
    if (recipient.earlier) host_.mark_in_doubt(*recipient.earlier);
}

std::optional<std::string> OutgoingDoubt::settle() {
  if (!is_retry_) {
    host_.settle_doubt(transaction_);
    return transaction_;
  }
  drop_recorded();
  std::optional<std::string> over;
  for (const Recipient& recipient : recipients_)
    if (recipient.earlier && host_.settle_doubt(*recipient.earlier)) over = recipient.earlier->transaction;
  return over;
}

}  // namespace tsmtp::mail
