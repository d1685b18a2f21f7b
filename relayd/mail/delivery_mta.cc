// The half of Delivery that faces our MTA: its connection, its replies, and what they come to.
#include <algorithm>
#include <utility>

#include "relayd/mail/delivery.h"
#include "relayd/mail/delivery_tags.h"
#include "relayd/smtp/extensions.h"

namespace tsmtp::mail {
namespace {

// A link that is not heard of for so long is known to stand still or to be broken: it asks after ten seconds.
constexpr std::chrono::seconds kPatienceInEnvelope{15};
// Content of large mails waits for that of smaller ones on a slow link.
constexpr std::chrono::seconds kPatienceInContent{60};
// A hundred mails at once on a line of 32 kbit/s are faster, each of them.
constexpr int kLeastBytesPerSecond = 32;

}  // namespace

void Delivery::connected(smtp::ClientSession& session, base::TimePoint now) {
  connecting_.end(now);
  session_ = &session;
  last_step_ = now;
  stages_.reached(Stage::kConnected, now);
  may_try_again_ = !session.is_fresh();
  data_sent_ = false;
  state_ = had_data_ ? State::kDataSent : State::kEnvelope;
  send_envelope();
  process(now);
}

// All that has come over the link so far: MAIL, and on the second connection perhaps more.
void Delivery::send_envelope() {
  // SIZE is offered by us whether or not the MTA knows it: the limit is checked on this side of it.
  if (!session_->extensions().size) envelope_.drop_size();
  const smtp::PathCommand& mail = envelope_.mail();
  // The near side offers what our MTA offered last; it may have changed since.
  if (const auto refusal = smtp::check_mail_parameters(mail, session_->extensions()))
    return refuse_all(own_reply(451, "4.5.0", "its MTA no longer offers this: " + refusal->summary()));
  const std::string parameters = mail.parameters.empty() ? "" : ' ' + mail.parameter_text();
  session_->send("MAIL FROM:<" + mail.path.text + '>' + parameters, kMailTag);
  for (std::size_t i = 0; i < envelope_.recipients().size(); ++i)
    if (!envelope_.recipients()[i].verdict) send_rcpt(static_cast<DeliveryEnvelope::Index>(i));
  if (state_ == State::kDataSent && !takes_chunks() && !envelope_.refusal_for_all()) send_data();
}

void Delivery::send_data() {
  session_->send("DATA", kDataTag);
  data_sent_ = true;
}

void Delivery::send_rcpt(DeliveryEnvelope::Index index) {
  const auto& recipient = envelope_.recipients()[index];
  if (const auto refusal = smtp::check_rcpt_parameters(recipient.rcpt, session_->extensions()))
    return refuse_rcpt(index, *refusal);
  session_->send("RCPT " + recipient.argument, index);
}

void Delivery::connection_failed(const smtp::Reply& reply, base::TimePoint now) {
  if (state_ != State::kConnecting) return;  // nobody waits for one
  connecting_.end(now);
  last_step_ = now;
  refuse_all(reply);
  process(now);
}

void Delivery::step(base::TimePoint now) {
  while (session_ != nullptr) {
    const auto event = session_->next_event();
    if (!event) break;
    last_step_ = now;
    if (const auto* answer = std::get_if<smtp::Answer>(&*event)) on_answer(*answer, now);
    if (const auto* failed = std::get_if<smtp::Failed>(&*event))
      connection_lost(failed->cause, failed->reply, now);
  }
  process(now);
}

void Delivery::on_answer(const smtp::Answer& answer, base::TimePoint now) {
  if (answer.tag == kMailTag) {
    if (answer.reply.code == 421 && may_try_again_) return;  // Failed follows
    envelope_.set_mail_verdict(final_reply(answer.reply, "MAIL"));
    send(MailVerdict{*envelope_.mail_verdict()});
    if (state_ == State::kDataSent && !data_sent_) answer_data(now);
  } else if (answer.tag == kDataTag) {
    on_data_answer(answer.reply, now);
  } else if (answer.tag == kChunkTag) {
    on_chunk_answer(answer.reply, now);
  } else if (answer.tag == kFinalTag) {
    on_final_answer(answer.reply, now);
  } else if (answer.tag < envelope_.recipients().size()) {
    const auto index = static_cast<DeliveryEnvelope::Index>(answer.tag);
    send(RcptVerdict{.index = index,
                     .reply = envelope_.keep_verdict(index, final_reply(answer.reply, "RCPT"))});
    if (state_ == State::kDataSent && !data_sent_) answer_data(now);
  }
}

bool Delivery::takes_chunks() const {
  return session_->extensions().chunking;
}

// Where our MTA is not asked: BDAT needs no permission, it is ours to give once it is known that there is
// somebody to deliver to; and if all recipients were refused here, there is nobody. MAIL and every RCPT are
// answered first.
void Delivery::answer_data(base::TimePoint now) {
  if (!envelope_.is_answered()) return;
  if (const auto refusal = envelope_.refusal_for_all()) {
    give_up_transaction();
    refuse(*refusal);
    send(DataVerdict{*refusal});
  } else {
    session_->begin_chunks(kChunkTag);
    state_ = State::kContent;
    stages_.reached(Stage::kEnvelope, now);
    send(DataVerdict{smtp::make_reply(354, "", "go ahead")});
  }
}

// Only a refusal says anything. The last chunk has not left yet (ClientSession::begin_chunks).
void Delivery::on_chunk_answer(const smtp::Reply& said, base::TimePoint now) {
  const smtp::Reply reply = final_reply(said, "BDAT");
  if (reply.is_positive()) return;
  const bool was_committing = is_committing();
  give_up_transaction();
  if (was_committing) return report(reply, now);
  refuse(reply);
}

// Content that waits for the answer is read when all that the MTA said with it has been heard: a 421 may
// stand behind the 354.
void Delivery::on_data_answer(const smtp::Reply& reply, base::TimePoint now) {
  const auto refusal = envelope_.refusal_for_all();
  const bool goes_ahead = reply.code == 354;
  if (goes_ahead && !refusal) {
    state_ = State::kContent;
    stages_.reached(Stage::kEnvelope, now);
    return send(DataVerdict{reply});
  }
  // An MTA that says 354 with nobody to deliver to must not get content (RFC 2920 section 3.1): there the
  // connection goes. Any other may still hold the envelope, and the next transaction needs a clean one.
  if (!goes_ahead) session_->send("RSET", kResetTag);
  release(!goes_ahead);
  const bool refuses = reply.is_transient() || reply.is_permanent();
  refuse(refusal   ? *refusal
         : refuses ? reply  // 2yz would be taken for a delivery (P1)
                   : own_reply(451, "4.5.0", "its MTA answered DATA with " + reply.summary()));
  send(DataVerdict{*refusal_});
}

void Delivery::on_final_answer(const smtp::Reply& said, base::TimePoint now) {
  stages_.reached(Stage::kReplied, now);
  release(true);
  const smtp::Reply reply = final_reply(said, "the end of content");
  if (!reply.is_positive()) return report(reply, now);
  outcome_ = reply;
  state_ = State::kRecording;
  ledger_.begin(now);
  host_.record_outcome(transaction_,
                       {.kind = Outcome::Kind::kKnown, .reply = reply, .refused = envelope_.refused()});
}

void Delivery::recorded(base::TimePoint now) {
  if (state_ != State::kRecording) return;
  stages_.reached(Stage::kRemembered, now);
  report(*outcome_, now);
}

void Delivery::connection_lost(const std::string& cause, const std::optional<smtp::Reply>& said,
                               base::TimePoint now) {
  if (try_again(now)) return;
  connecting_.end(now);
  const bool committing = state_ == State::kCommitting, claiming = state_ == State::kClaiming;
  const bool is_awaited = state_ == State::kConnecting || state_ == State::kEnvelope ||
                          state_ == State::kDataSent || state_ == State::kContent;
  if (state_ != State::kConnecting) release(false);
  if (committing)
    return report(own_reply(451, "4.4.2",
                            "connection to its MTA lost (" + cause +
                                ") after the end of content; whether it took the mail is not known"),
                  now);
  const bool refusing = said && (said->is_transient() || said->is_permanent());
  const smtp::Reply refusal =
      refusing ? *said : own_reply(451, "4.4.2", "connection to its MTA lost (" + cause + ")");
  if (claiming) return report(refusal, now);
  if (is_awaited) refuse_all(refusal);
  process(now);
}

// A client cannot be heard over a link that carries nothing.
std::optional<Silence> Delivery::silence() const {
  const bool waits = has_room_for_content() || (state_ == State::kEnvelope && envelope_.is_answered());
  if (session_ == nullptr || !waits || is_asking_ || wants_step()) return std::nullopt;
  const auto carried_since = host_.carried_since();
  if (!carried_since) return std::nullopt;
  return Silence{.since = std::max(last_step_, *carried_since) - waited_before_,
                 .patience = state_ == State::kContent ? kPatienceInContent : kPatienceInEnvelope};
}

void Delivery::note_progress(std::size_t bytes, base::TimePoint now) {
  if (const auto silent = silence()) waited_before_ = now - silent->since;
  const base::Duration worth = base::Duration(std::chrono::seconds(1)) *
                               static_cast<base::Duration::rep>(bytes) / kLeastBytesPerSecond;
  waited_before_ = std::max<base::Duration>(waited_before_ - worth, {});
}

void Delivery::give_up_silent(base::Duration silence, base::TimePoint now) {
  if (!this->silence()) return;
  const std::string manner = waited_before_ > base::Duration{} ? "slow" : "silent";
  const auto time = std::chrono::duration_cast<std::chrono::seconds>(silence).count();
  refuse_all(own_reply(
      451, "4.4.2",
      "given up: client " + manner + " for " + std::to_string(time) + " s, others wait for its MTA"));
  process(now);
}

// An MTA may close a connection that was kept just when a mail is begun on it, or say 421. It has taken
// nothing then, and that mail must not wait for its MTA's next queue run. The same where it was lost on its
// way to us, before we were told that we have it.
bool Delivery::try_again(base::TimePoint now) {
  const bool nothing_heard =
      !envelope_.mail_verdict() && (state_ == State::kEnvelope || state_ == State::kDataSent);
  const bool never_had = state_ == State::kConnecting && !asked_afresh_;
  if (never_had)
    host_.release_connection(false);
  else if (!nothing_heard || !std::exchange(may_try_again_, false))
    return false;
  asked_afresh_ = true;
  release(false);
  connect(true, now);
  return true;
}

void Delivery::connect(bool fresh, base::TimePoint now) {
  state_ = State::kConnecting;
  connecting_.begin(now);  // what it takes is our MTA's, or its limit's
  host_.request_connection(helo_, fresh);
}

}  // namespace tsmtp::mail
