// The half of Outgoing that decides which reply the client gets when: early ones, the far MTA's verdicts, and
// refusals that can only be told at the end of content. docs/replies.md is this file as a table.
#include <algorithm>
#include <utility>

#include "relayd/mail/outgoing.h"

namespace tsmtp::mail {

// Answers whatever can be answered by now. Called whenever something new is known.
void Outgoing::give_answers(base::TimePoint now) {
  if (!mail_answered_) {
    if (mail_is_early_)
      context_.session.reply(mail_ticket_, smtp::make_reply(250, "2.1.0", "Sender ok"));
    else if (mail_verdict_)
      context_.session.reply(mail_ticket_, *mail_verdict_);
    mail_answered_ = mail_is_early_ || mail_verdict_.has_value();
  }
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    Recipient& recipient = recipients_[i];
    if (recipient.answer) continue;
    recipient.answer = answer_to_recipient(i);
    if (recipient.answer) context_.session.reply(recipient.ticket, *recipient.answer);
  }
  if (phase_ != Phase::kEnvelope) return;
  if (data_ticket_) {
    const auto answer = answer_to_data();
    if (!answer) return;
    context_.session.reply(*std::exchange(data_ticket_, {}), *answer);
    if (answer->is_intermediate()) {
      phase_ = Phase::kContent;
    } else {
      abandon(now);
    }
  } else if (abandoned_ || mail_was_refused()) {
    abandon(now);
  }
}

// MAIL itself was answered with a refusal: there is no transaction for the client.
bool Outgoing::mail_was_refused() const {
  return !mail_is_early_ && mail_verdict_ && !mail_verdict_->is_positive();
}

bool Outgoing::is_mail_refusal_held() const {
  return mail_is_early_ && mail_verdict_ && !mail_verdict_->is_positive();
}

bool Outgoing::owes_answers() const {
  return !mail_answered_ ||
         std::any_of(recipients_.begin(), recipients_.end(), [](const Recipient& r) { return !r.answer; });
}

// Early: a recipient that may be the only one is accepted unseen. When more are seen to come, their verdicts
// are awaited in any case, and the first one's with them. If they come later, they get the far MTA's own
// verdict, as long as no refusal is held, which can only be told at the end of content and would then speak
// for all (DESIGN, "One round trip a mail"). With LMTP every recipient has a final reply of its own, and
// nothing need be awaited.
//
// Nobody who is in doubt hears a refusal here: it would bounce a mail that an earlier try may have delivered,
// and only the content tells whether this is that mail. The refusal is held; a recipient that is not the only
// one comes again.
std::optional<smtp::Reply> Outgoing::answer_to_recipient(std::size_t index) const {
  const Recipient& recipient = recipients_[index];
  if (context_.early_reply && (lmtp_ || (index == 0 && first_is_early_))) return accepted_unseen();
  if (!is_all_before_known(index)) return {};
  const auto before = recipients_.begin() + static_cast<std::ptrdiff_t>(index);
  const bool is_held_for_all =
      !lmtp_ && std::any_of(recipients_.begin(), before, [](const Recipient& r) { return r.is_held(); });
  if (is_held_for_all && !is_mail_refusal_held())
    return own_reply(452, "4.5.3", "the recipient before this one was refused; send this one again");
  const auto verdict = is_mail_refusal_held() ? for_each_of_them(*mail_verdict_) : recipient.verdict;
  if (!verdict || verdict->is_positive() || !recipient.may_be_known) return verdict;
  if (!lmtp_ && std::any_of(recipients_.begin(), before, [](const Recipient& r) { return r.is_accepted(); }))
    return own_reply(452, "4.5.3", "an earlier try is in doubt; send this one by itself");
  return accepted_unseen();
}

// What the answer to a recipient depends on beside its own verdict: the refusal of a MAIL that was answered
// early, and what was told to the recipients before.
bool Outgoing::is_all_before_known(std::size_t index) const {
  if (mail_is_early_ && !mail_verdict_) return false;
  if (is_mail_refusal_held()) return true;
  if (context_.early_reply && !recipients_[0].verdict && index > 0) return false;
  const auto before = recipients_.begin() + static_cast<std::ptrdiff_t>(index);
  return std::all_of(recipients_.begin(), before, [](const Recipient& r) { return r.answer.has_value(); });
}

smtp::Reply Outgoing::accepted_unseen() const {
  return smtp::make_reply(250, "2.1.5",
                          "Recipient ok, " + context_.site + " has the last word at the end of content");
}

// A far side that says 354 too early, or to nobody, is not followed: there would be nobody to end it for.
std::optional<smtp::Reply> Outgoing::far_answer_to_data() const {
  if (!all_verdicts_known() || !data_verdict_) return {};
  const bool is_for_nobody = !mail_verdict_->is_positive() || is_refused_for_all();
  return is_for_nobody && data_verdict_->is_intermediate() ? last_refusal() : data_verdict_;
}

// sendmail takes any refusal of DATA but 554 for a broken server, so early refusals are kept for the end of
// content. So is one that an earlier delivery may win over.
std::optional<smtp::Reply> Outgoing::answer_to_data() const {
  const smtp::Reply go_ahead{.code = 354, .lines = {"Go ahead, end with a dot on a line by itself"}};
  if (!context_.early_reply) {
    auto answer = far_answer_to_data();
    if (!may_be_known() || !all_verdicts_known() || !data_verdict_) return answer;
    return answer && answer->is_intermediate() ? answer : go_ahead;
  }
  if (!lmtp_ && (recipients_.size() > 1 || !first_is_early_) && !all_verdicts_known()) return {};
  if (!is_anybody_accepted()) return far_answer_to_data();
  return go_ahead;
}

bool Outgoing::all_verdicts_known() const {
  return mail_verdict_ && std::all_of(recipients_.begin(), recipients_.end(), [](const Recipient& recipient) {
           return recipient.verdict.has_value();
         });
}

bool Outgoing::is_anybody_accepted() const {
  return std::any_of(recipients_.begin(), recipients_.end(),
                     [](const Recipient& r) { return r.is_accepted(); });
}

bool Outgoing::is_refused_for_all() const {
  return std::all_of(recipients_.begin(), recipients_.end(),
                     [](const Recipient& recipient) { return recipient.is_refused_by_far(); });
}

std::optional<smtp::Reply> Outgoing::known_refusal() const {
  if (own_refusal_) return own_refusal_;
  if (mail_verdict_ && !mail_verdict_->is_positive()) return mail_verdict_;
  // What is held speaks for all that were accepted: in SMTP the one that was, in LMTP the last of them.
  const auto held =
      std::find_if(recipients_.begin(), recipients_.end(), [](const Recipient& r) { return r.is_held(); });
  const bool is_for_all =
      !lmtp_ || std::all_of(recipients_.begin(), recipients_.end(),
                            [](const Recipient& r) { return r.is_held() || !r.is_accepted(); });
  if (held != recipients_.end() && is_for_all) return held->verdict;
  if (data_verdict_ && !data_verdict_->is_intermediate()) return data_verdict_;
  return {};
}

// Why a client most likely gives a transaction up; nothing when it was told no refusal.
std::optional<smtp::Reply> Outgoing::last_refusal() const {
  if (mail_verdict_ && !mail_verdict_->is_positive()) return mail_verdict_;
  for (auto recipient = recipients_.rbegin(); recipient != recipients_.rend(); ++recipient)
    if (recipient->answer && !recipient->answer->is_positive()) return recipient->answer;
  return {};
}

// Whether the first recipient may be accepted unseen the next time: not when others were deferred for it.
void Outgoing::remember_first() {
  if (context_.refused == nullptr || lmtp_ || !recipients_[0].verdict) return;
  if (!recipients_[0].is_refused_by_far())
    context_.refused->accepted(recipients_[0].address_digest);
  else if (recipients_.size() > 1)
    context_.refused->refused(recipients_[0].address_digest);
}

}  // namespace tsmtp::mail
