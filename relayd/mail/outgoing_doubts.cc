// The half of Outgoing that keeps a mail from being delivered twice: a doubt is on disk before the end of
// content goes out, a second try is recognised before it does, and a doubt is forgotten when our MTA has the
// reply. Recipient by recipient: what our MTA tries again may be for some of them only.
#include <algorithm>
#include <cassert>

#include "relayd/base/bytes.h"
#include "relayd/mail/outgoing.h"
#include "relayd/mail/storage_reply.h"

namespace tsmtp::mail {

// One final reply must be true for all recipients. So once a second try has come for recipients that are in
// doubt and for others, they share a mail only with those that are in doubt in the same transactions; others
// are told to come again. Only the content tells whether it is a second try: until then nobody is held up.
bool Outgoing::must_go_alone(const std::string& address_digest) {
  auto transactions = context_.host.transactions_to_split(address_digest);
  if (!recipients_.empty()) return transactions != to_split_;
  to_split_ = std::move(transactions);
  return false;
}

bool Outgoing::may_be_known() const {
  return std::any_of(recipients_.begin(), recipients_.end(),
                     [](const Recipient& r) { return r.is_accepted() && r.may_be_known; });
}

// Those whom the end of content is for. SMTP's final reply speaks for all that were accepted.
std::vector<Outgoing::Recipient*> Outgoing::to_deliver() {
  std::vector<Recipient*> wanted;
  for (Recipient& recipient : recipients_)
    if (recipient.is_accepted() && !(lmtp_ && recipient.is_refused_by_far())) wanted.push_back(&recipient);
  return wanted;
}

// Content, sender and recipient; not what may differ between two tries of one mail (HELO, parameters, order).
void Outgoing::digest_recipients() {
  std::string size;
  base::put_u64(size, size_bytes_);
  digest_->update(size);
  const std::string content = digest_->finish();
  for (Recipient& recipient : recipients_)
    if (recipient.is_accepted())
      recipient.mail_digest =
          context_.digests.digest(content + mail_.path.text + '\n' + recipient.command.path.text);
}

// Whether the mail was delivered in an earlier try comes before what is said to this one: whoever has it must
// not be told a refusal, and not get it again.
void Outgoing::commit_or_ask(base::TimePoint now) {
  digest_recipients();
  std::set<std::string> transactions;
  for (Recipient& recipient : recipients_) {
    if (!recipient.is_accepted()) continue;
    recipient.earlier = context_.host.claim_doubt(recipient.mail_digest);
    if (recipient.earlier) transactions.insert(recipient.earlier->transaction);
  }
  if (transactions.empty()) {
    if (const auto refusal = known_refusal()) return answer_end(*refusal, now);
    return record_doubt();
  }
  is_retry_ = true;
  if (!stream_open_) {
    const auto refusal = known_refusal();
    const bool is_of_the_link = refusal && refusal->is_transient();
    return postpone(
        is_of_the_link ? *refusal : own_reply(451, "4.4.2", "an earlier try is in doubt; try again later"),
        now);
  }
  const auto wanted = to_deliver();
  const bool are_all_known =
      std::all_of(wanted.begin(), wanted.end(), [](const Recipient* r) { return r->earlier.has_value(); });
  if (are_all_known && transactions.size() == 1) {
    phase_ = Phase::kAsking;
    asked_ = *transactions.begin();
    return send(Ask{asked_});
  }
  split();
  postpone(own_reply(451, "4.4.2", "an earlier try is in doubt for some of the recipients; try again later"),
           now);
}

// Those in doubt do not share a mail with the others from now on.
void Outgoing::split() {
  for (const Recipient& recipient : recipients_)
    if (recipient.earlier) context_.host.must_go_alone(*recipient.earlier);
}

// What became of the earlier try cannot be told now, and neither can what this one would have come to.
void Outgoing::postpone(const smtp::Reply& reply, base::TimePoint now) {
  mark_in_doubt();
  for (Recipient& recipient : recipients_)
    if (recipient.earlier) recipient.final = reply;
  answer_end(reply, now);
}

void Outgoing::record_doubt() {
  phase_ = Phase::kChecking;
  std::vector<ledger::DoubtfulRecipient> doubtful;
  for (const Recipient* recipient : to_deliver())
    doubtful.push_back({.index = static_cast<std::uint16_t>(recipient - recipients_.data()),
                        .mail = recipient->mail_digest,
                        .address = recipient->address_digest});
  context_.host.record_doubt(transaction_, doubtful);
}

// Our own disk's trouble is no site's: the ledger names its hub itself.
smtp::Reply Outgoing::ledger_reply(const std::string& cause) const {
  if (cause.starts_with("hub ")) return storage_reply(cause);
  return own_reply(451, "4.3.0", cause);
}

void Outgoing::recorded(const base::Result<void>& result, base::TimePoint now) {
  if (phase_ != Phase::kChecking) return;
  if (!result || !stream_open_) {
    context_.host.settle_doubt(transaction_);  // nothing was committed
    if (!result) return answer_end(ledger_reply(result.error().message), now);
    return answer_end(own_reply(451, "4.4.2", "link lost before the end of content was sent"), now);
  }
  phase_ = Phase::kCommitted;
  send(Commit{});
}

void Outgoing::on(const Outcome& record, base::TimePoint now) {
  if (phase_ != Phase::kAsking) return;
  switch (record.kind) {
    case Outcome::Kind::kUnknown:  // the far MTA never had it
      context_.host.settle_doubt(asked_);
      for (Recipient& recipient : recipients_)
        recipient.earlier.reset();
      is_retry_ = false;
      // While it was asked for, everybody may have been refused.
      if (const auto refusal = known_refusal()) return answer_end(*refusal, now);
      return record_doubt();
    case Outcome::Kind::kPending:
      return postpone(own_reply(451, "4.4.2", "an earlier try of this mail is still being delivered"), now);
    case Outcome::Kind::kKnown:
      return was_delivered_before(record, now);
  }
}

// The earlier try may have been by LMTP, with each recipient's own end. A recipient that was refused then is
// in doubt no more, but this transaction is over at the far side: unless it has refused him again, his next
// try will be a first one.
void Outgoing::was_delivered_before(const Outcome& outcome, base::TimePoint now) {
  const smtp::Reply again =
      own_reply(451, "4.4.2", "was refused when this mail was tried earlier; try again");
  const smtp::Reply& reply =
      outcome.reply.is_positive() || outcome.reply.is_permanent() ? outcome.reply : again;
  const smtp::Reply this_time = known_refusal().value_or(again);
  bool all = true;
  for (Recipient& recipient : recipients_) {
    if (!recipient.earlier) continue;
    const auto& refused = outcome.refused;
    const bool is_meant = !std::binary_search(refused.begin(), refused.end(), recipient.earlier->index);
    recipient.final = is_meant ? reply : lmtp_ ? final_for(recipient, this_time) : this_time;
    all = all && is_meant;
    if (is_meant && reply.is_positive()) continue;
    (void)context_.host.settle_doubt(*recipient.earlier);
    recipient.earlier.reset();
  }
  if (all || lmtp_) return answer_end(reply, now);
  split();
  mark_in_doubt();
  const bool is_for_nobody = std::none_of(recipients_.begin(), recipients_.end(),
                                          [](const Recipient& r) { return r.earlier.has_value(); });
  answer_end(is_for_nobody ? this_time : again, now);
}

// Whoever tries this mail next may ask how it ended.
void Outgoing::mark_in_doubt() {
  if (!is_retry_) return context_.host.mark_in_doubt(transaction_);
  for (const Recipient& recipient : recipients_)
    if (recipient.earlier) context_.host.mark_in_doubt(*recipient.earlier);
}

void Outgoing::settle() {
  if (!is_retry_) {
    context_.host.settle_doubt(transaction_);
    return send(Settled{transaction_});
  }
  std::string over;  // of an earlier transaction other recipients may still be in doubt
  for (const Recipient& recipient : recipients_)
    if (recipient.earlier && context_.host.settle_doubt(*recipient.earlier))
      over = recipient.earlier->transaction;
  if (!over.empty()) send(Settled{over});
}

void Outgoing::proved() {
  assert(phase_ == Phase::kAnswered);
  settle();
  if (stream_open_) context_.host.finish_stream(stream_);
  stream_open_ = false;
  phase_ = Phase::kOver;
}

}  // namespace tsmtp::mail
