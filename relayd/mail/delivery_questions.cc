// What the near side asks of a Delivery about others of its transactions: how they ended, when they came how
// far, and that it knows it now.
#include <utility>

#include "relayd/mail/delivery.h"

namespace tsmtp::mail {

void Delivery::on(const Ask& record, base::TimePoint now) {
  const bool is_alone = state_ == State::kStart && settings_.takes_questions;
  const bool may_come = had_data_ && (state_ == State::kContent || state_ == State::kRefused);
  if ((!is_alone && !may_come) || std::exchange(had_ask_, true))
    return protocol_error("peer sent an Ask record out of turn", now);
  is_asking_ = true;
  if (const auto outcome = host_.end_earlier(record)) {
    is_asking_ = false;
    answer_question(*outcome, now);
  }
}

void Delivery::earlier_ended(const Outcome& outcome, base::TimePoint now) {
  if (!std::exchange(is_asking_, false)) return;
  last_step_ = now;
  answer_question(outcome, now);
  process(now);
}

void Delivery::answer_question(const Outcome& outcome, base::TimePoint now) {
  Outcome told = outcome;
  if (!settings_.takes_reasons) told.reason.clear();
  send(told);
  if (state_ == State::kStart) {
    state_ = State::kReported;
    return;
  }
  if (outcome.kind == Outcome::Kind::kPending && state_ == State::kContent) {
    // The near side gives this one up. One that commits it all the same must not deliver twice (P4).
    give_up_transaction();
    return refuse(own_reply(451, "4.4.2", pending_text(outcome)));
  }
  if (outcome.kind != Outcome::Kind::kKnown) return;
  was_delivered_before_ = true;
  give_up_transaction();
  end(outcome.reply, now);
  state_ = State::kReported;
}

void Delivery::on(const Settled& record, base::TimePoint now) {
  if (state_ != State::kReported) return protocol_error("peer sent a Settled record out of turn", now);
  host_.forget_outcome(record.transaction);
}

void Delivery::on(const Trace& record, base::TimePoint now) {
  if (state_ != State::kStart || !settings_.takes_traces)
    return protocol_error("peer sent a Trace record out of turn", now);
  send(host_.trace(record.transaction));
  state_ = State::kReported;
}

}  // namespace tsmtp::mail
