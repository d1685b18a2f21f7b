// The second half of a transaction's life, from the end of content on: commit or question, the final reply,
// and the proof that the client has it.
#include <algorithm>
#include <cassert>

#include "relayd/mail/outgoing.h"
#include "relayd/mail/storage_reply.h"

namespace tsmtp::mail {
namespace {

// So many tries by other hubs may turn out, one behind the other, never to have arrived.
constexpr int kMostTriesBefore = 8;

// Our own disk's trouble is no site's: the ledger names its hub itself.
smtp::Reply ledger_reply(const AnswerPolicy& policy, const std::string& cause) {
  return cause.starts_with("hub ") ? storage_reply(cause) : policy.own(451, "4.3.0", cause);
}

}  // namespace

// Whether the mail was delivered in an earlier try comes before what is said to this one: whoever has it must
// not be told a refusal, and not get it again.
void Outgoing::commit_or_ask(base::TimePoint now) {
  doubt_.end_content(size_bytes_, accepted());
  const auto refusal = policy_.known_refusal();
  if (doubt_.is_retry()) return ask(now);
  return refusal ? answer_end(*refusal, now) : record_doubt(now);
}

void Outgoing::ask(base::TimePoint now) {
  if (!stream_.is_open()) {
    const auto refusal = policy_.known_refusal();
    const bool is_of_the_link = refusal && refusal->is_transient();
    return postpone(
        is_of_the_link ? *refusal : policy_.own(451, "4.4.2", "an earlier try is in doubt; try again later"),
        now);
  }
  if (const auto earlier = doubt_.only_earlier(to_deliver())) return ask(*earlier, now);
  doubt_.split();
  postpone(
      policy_.own(451, "4.4.2", "an earlier try is in doubt for some of the recipients; try again later"),
      now);
}

// Only the hub that had the earlier try may say that it never came: another knows nothing of it in any case.
void Outgoing::ask(const std::string& earlier, base::TimePoint now) {
  const auto question = context_.host.open_question(earlier, stream_.key());
  if (!question) return postpone(policy_.own(451, "4.4.2", question.error().message), now);
  question_.reset();
  question_reader_ = RecordReader();
  if (question->stream != stream_.key()) question_.emplace(context_.host, question->stream, nullptr);
  phase_ = Phase::kAsking;
  (question_ ? *question_ : stream_).send(Ask{.transaction = earlier, .went = question->went});
}

OutgoingDoubt::Indices Outgoing::accepted() const {
  OutgoingDoubt::Indices indices;
  for (std::size_t i = 0; i < recipients_.size(); ++i)
    if (policy_.is_accepted(i)) indices.push_back(i);
  return indices;
}

OutgoingDoubt::Indices Outgoing::to_deliver() const {
  OutgoingDoubt::Indices indices;
  for (std::size_t i = 0; i < recipients_.size(); ++i)
    if (policy_.is_to_get_it(i)) indices.push_back(i);
  return indices;
}

void Outgoing::record_doubt(base::TimePoint now) {
  if (doubt_.has_old_key()) {
    doubt_.drop_recorded();
    return answer_end(policy_.own(451, "4.3.0", "the key of digests was replaced just now; try again"), now);
  }
  phase_ = Phase::kChecking;
  ledger_.begin(now);
  doubt_.record(to_deliver());
}

void Outgoing::recorded(const base::Result<void>& result, base::TimePoint now) {
  if (phase_ != Phase::kChecking) return;
  ledger_.end(now);
  if (!result || !stream_.is_open()) {
    doubt_.drop();  // nothing was committed
    if (!result) return answer_end(ledger_reply(policy_, result.error().message), now);
    const auto cause = policy_.known_refusal();
    return answer_end(cause ? *cause : policy_.own(451, "4.4.2", "link lost"), now);
  }
  phase_ = Phase::kCommitted;
  stages_.reached(Stage::kRemembered, now);
  stream_.send(Commit{});
}

// Nobody may ask about a try that is under way at this hub: it is over when its client has the reply.
void Outgoing::tried_before(base::TimePoint now) {
  if (phase_ != Phase::kChecking) return;
  ledger_.end(now);
  if (++times_tried_before_ <= kMostTriesBefore) doubt_.claim(accepted());
  if (doubt_.is_retry()) return ask(now);
  doubt_.drop();
  answer_end(policy_.own(451, "4.4.2", "another try of this mail is under way; try again later"), now);
}

// The outcome of the earlier try cannot be told now, and neither can that of this one.
void Outgoing::postpone(const smtp::Reply& reply, base::TimePoint now) {
  doubt_.mark();
  for (std::size_t i = 0; i < recipients_.size(); ++i)
    if (doubt_.is_claimed(i)) recipients_[i].final = reply;
  answer_end(reply, now);
  if (question_) question_->reset();
}

void Outgoing::on(const Outcome& record, base::TimePoint now) {
  if (!question_) learn(record, now);
}

void Outgoing::learn(const Outcome& outcome, base::TimePoint now) {
  if (phase_ != Phase::kAsking) return;
  switch (outcome.kind) {
    case Outcome::Kind::kUnknown:  // the far MTA never had it
      if (question_) question_->finish();
      question_.reset();
      doubt_.forget_earlier();
      // While it was asked for, everybody may have been refused.
      if (const auto refusal = policy_.known_refusal()) {
        doubt_.drop_recorded();
        return answer_end(*refusal, now);
      }
      return record_doubt(now);
    case Outcome::Kind::kPending:
      return postpone(policy_.own(451, "4.4.2", pending_text(outcome)), now);
    case Outcome::Kind::kKnown:
      // What is to be settled there later is settled over the stream of the question.
      if (question_ && question_->is_open()) stream_.begin_anew(question_->key());
      question_.reset();
      return was_delivered_before(outcome, now);
  }
}

// The earlier try may have been by LMTP, with each recipient's own end. A recipient that was refused then is
// in doubt no more, but this transaction is over at the far side: unless it has refused him again, his next
// try will be a first one.
void Outgoing::was_delivered_before(const Outcome& outcome, base::TimePoint now) {
  const smtp::Reply again =
      policy_.own(451, "4.4.2", "was refused when this mail was tried earlier; try again");
  const smtp::Reply& reply =
      outcome.reply.is_positive() || outcome.reply.is_permanent() ? outcome.reply : again;
  const smtp::Reply this_time = policy_.known_refusal().value_or(again);
  doubt_.drop_recorded();
  bool all = true;
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    if (!doubt_.is_claimed(i)) continue;
    const auto& refused = outcome.refused;
    const bool is_meant = !std::binary_search(refused.begin(), refused.end(), doubt_.index_then(i));
    recipients_[i].final = is_meant ? reply : policy_.final_reply(i, this_time, true);
    all = all && is_meant;
    if (!is_meant || !reply.is_positive()) doubt_.settle(i);
  }
  if (all || lmtp_) return answer_end(reply, now);
  doubt_.split();
  doubt_.mark();
  answer_end(doubt_.is_anybody_claimed() ? again : this_time, now);
}

void Outgoing::confirm() {
  assert(phase_ == Phase::kAnswered);
  if (const auto over = doubt_.settle()) stream_.send(Settled{*over});
  stream_.finish();
  phase_ = Phase::kOver;
}

// Gives the final reply: one, or with LMTP each recipient's own. After 2yz the stream stays until the client
// confirms that it has read it.
void Outgoing::answer_end(const smtp::Reply& reply, base::TimePoint now) {
  bool delivered = false;
  auto ticket = end_tickets_.begin();
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    if (!policy_.is_accepted(i)) continue;
    auto& final = recipients_[i].final;
    if (!final || !lmtp_) final = policy_.final_reply(i, reply, doubt_.is_retry());
    delivered |= final->is_positive();
    if (ticket != end_tickets_.end()) context_.session.reply(*ticket++, *final);
  }
  end(reply, now);
  if (delivered) {
    phase_ = Phase::kAnswered;
  } else {
    stream_.reset();
  }
}

void Outgoing::end(const smtp::Reply& reply, base::TimePoint now) {
  phase_ = Phase::kOver;
  std::vector<RecipientResult> results;
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    const Recipient& recipient = recipients_[i];
    const auto refusal = policy_.refusal_told(i);
    results.push_back({.address = recipient.command.path.text,
                       .reply = refusal ? *refusal : recipient.final.value_or(reply)});
  }
  tell(reply, std::move(results), now);
}

void Outgoing::tell(const smtp::Reply& reply, std::vector<RecipientResult> recipients, base::TimePoint now) {
  stages_.reached(Stage::kAnswered, now);
  context_.host.ended(summary(reply, std::move(recipients), now));
}

Summary Outgoing::so_far(base::TimePoint now) const {
  std::vector<RecipientResult> recipients;
  recipients.reserve(recipients_.size());
  for (const Recipient& recipient : recipients_)
    recipients.push_back({.address = recipient.command.path.text, .reply = {}});
  return summary({}, std::move(recipients), now);
}

Summary Outgoing::summary(const smtp::Reply& reply, std::vector<RecipientResult> recipients,
                          base::TimePoint now) const {
  const base::Duration near_mta = handed_over_.value_or(now) - started_;
  const base::Duration rest = now - started_ - near_mta - ledger_.all(now);
  const base::Duration far_mta = std::min(far_mta_took_, rest);
  return {.direction = Direction::kOut,
          .site = context_.site,
          .transaction = transaction(),
          .helo = helo_,
          .lmtp = lmtp_,
          .sender = mail_.path.text,
          .recipients = std::move(recipients),
          .size_bytes = size_bytes_,
          .link_bytes = stream_.link_bytes(),
          .reply = reply,
          .took = {.total = now - started_,
                   .near_mta = near_mta,
                   .ledger = ledger_.all(now),
                   .link = rest - far_mta,
                   .far_mta = far_mta},
          .stages = stages_,
          .repeated = doubt_.is_retry() && reply.is_positive()};
}

}  // namespace tsmtp::mail
