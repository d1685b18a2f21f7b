#include "relayd/mail/answer_policy.h"

#include <algorithm>
#include <utility>

namespace tsmtp::mail {
namespace {

// A reply that is told to each recipient of a mail takes so much for all of them, and no less than a line
// each.
constexpr std::size_t kRepeatedReplyBytes = 256UL * 1024;
constexpr std::size_t kLeastRepeatedBytes = 512;

// A verdict on DATA can only be 354 or refuse: taking 2yz for one would answer the end of content with it
// (P1).
smtp::Reply go_ahead_or_refusal(smtp::Reply reply) {
  const bool fits = reply.code == 354 || reply.is_transient() || reply.is_permanent();
  return fits ? std::move(reply)
              : smtp::make_reply(451, "4.5.0", "the far side gave no reply that fits DATA");
}

}  // namespace

void AnswerPolicy::name_recipient(const Named& named) {
  if (recipients_.empty())
    first_is_early_ = mode_.early_reply && (mode_.lmtp || (!named.another_follows && !named.was_refused));
  recipients_.push_back({.is_in_doubt = named.is_in_doubt});
}

void AnswerPolicy::mail_verdict(smtp::Reply reply) {
  if (!mail_verdict_) mail_verdict_ = std::move(reply);
}

void AnswerPolicy::recipient_verdict(std::size_t recipient, smtp::Reply reply) {
  if (recipient < recipients_.size() && !recipients_[recipient].verdict)
    recipients_[recipient].verdict = std::move(reply);
}

void AnswerPolicy::data_verdict(smtp::Reply reply) {
  if (!data_verdict_) data_verdict_ = go_ahead_or_refusal(std::move(reply));
}

void AnswerPolicy::refuse(smtp::Reply reply) {
  if (!own_refusal_) own_refusal_ = std::move(reply);
}

std::vector<AnswerPolicy::Answer> AnswerPolicy::take_answers() {
  std::vector<Answer> answers;
  if (!mail_answered_)
    if (auto reply = answer_to_mail()) {
      mail_answered_ = true;
      answers.push_back({.to = Command::kMail, .recipient = 0, .reply = std::move(*reply)});
    }
  for (std::size_t i = 0; i < recipients_.size(); ++i) {
    Recipient& recipient = recipients_[i];
    if (recipient.answer) continue;
    recipient.answer = answer_to_recipient(i);
    if (recipient.answer)
      answers.push_back({.to = Command::kRcpt, .recipient = i, .reply = *recipient.answer});
  }
  if (owes_data())
    if (auto reply = answer_to_data()) {
      data_answered_ = true;
      answers.push_back({.to = Command::kData, .recipient = 0, .reply = std::move(*reply)});
    }
  return answers;
}

std::optional<smtp::Reply> AnswerPolicy::answer_to_mail() const {
  if (mode_.mail_is_early) return smtp::make_reply(250, "2.1.0", "Sender ok");
  return mail_verdict_;
}

// Early: a recipient that may be the only one is accepted unseen. When more are seen to come, their verdicts
// are awaited in any case, and the first one's with them. If they come later, they get the far MTA's own
// verdict, as long as no refusal is held, which can only be told at the end of content and would then speak
// for all. With LMTP every recipient has a final reply of its own, and nothing need be awaited.
//
// Nobody who is in doubt hears a refusal here: it would bounce a mail that an earlier try may have delivered,
// and only the content tells whether this is that mail. The refusal is held; a recipient that is not the only
// one comes again.
std::optional<smtp::Reply> AnswerPolicy::answer_to_recipient(std::size_t index) const {
  const Recipient& recipient = recipients_[index];
  if (mode_.early_reply && (mode_.lmtp || (index == 0 && first_is_early_))) return accepted_unseen();
  if (!is_all_before_known(index)) return {};
  const auto before = recipients_.begin() + static_cast<std::ptrdiff_t>(index);
  const bool is_held_for_all =
      !mode_.lmtp && std::any_of(recipients_.begin(), before, [](const Recipient& r) { return r.is_held(); });
  if (is_held_for_all && !is_mail_refusal_held())
    return own(452, "4.5.3", "the recipient before this one was refused; send this one again");
  auto verdict = is_mail_refusal_held() ? for_each_of_them(*mail_verdict_) : recipient.verdict;
  if (!is_refused(verdict) || !recipient.is_in_doubt) return verdict;
  if (!mode_.lmtp &&
      std::any_of(recipients_.begin(), before, [](const Recipient& r) { return r.is_accepted(); }))
    return own(452, "4.5.3", "an earlier try is in doubt; send this one by itself");
  return accepted_unseen();
}

smtp::Reply AnswerPolicy::accepted_unseen() const {
  return smtp::make_reply(250, "2.1.5",
                          "Recipient ok, " + mode_.site + " has the last word at the end of content");
}

// The answer to a recipient depends on more than its own verdict: on the refusal of a MAIL that was answered
// early, and on the answers to the recipients before.
bool AnswerPolicy::is_all_before_known(std::size_t index) const {
  if (mode_.mail_is_early && !mail_verdict_) return false;
  if (is_mail_refusal_held()) return true;
  if (mode_.early_reply && !recipients_[0].verdict && index > 0) return false;
  const auto before = recipients_.begin() + static_cast<std::ptrdiff_t>(index);
  return std::all_of(recipients_.begin(), before, [](const Recipient& r) { return r.answer.has_value(); });
}

// A far side that says 354 too early, or to nobody, is not followed: there would be nobody to end it for.
std::optional<smtp::Reply> AnswerPolicy::far_answer_to_data() const {
  if (!all_verdicts_known() || !data_verdict_) return {};
  const bool is_for_nobody =
      is_refused(mail_verdict_) || std::all_of(recipients_.begin(), recipients_.end(),
                                               [](const Recipient& r) { return r.is_refused_by_far(); });
  return is_for_nobody && data_verdict_->is_intermediate() ? last_refusal() : data_verdict_;
}

// sendmail takes any refusal of DATA but 554 for a broken server, so early refusals are kept for the end of
// content. So is one that an earlier delivery may win over.
std::optional<smtp::Reply> AnswerPolicy::answer_to_data() const {
  const smtp::Reply go_ahead{.code = 354, .lines = {"Go ahead, end with a dot on a line by itself"}};
  if (!mode_.early_reply) {
    auto answer = far_answer_to_data();
    if (!may_be_known() || !all_verdicts_known() || !data_verdict_) return answer;
    return answer && answer->is_intermediate() ? answer : go_ahead;
  }
  if (!mode_.lmtp && (recipients_.size() > 1 || !first_is_early_) && !all_verdicts_known()) return {};
  const bool is_for_somebody =
      std::any_of(recipients_.begin(), recipients_.end(), [](const Recipient& r) { return r.is_accepted(); });
  return is_for_somebody ? go_ahead : far_answer_to_data();
}

bool AnswerPolicy::all_verdicts_known() const {
  return mail_verdict_ && std::all_of(recipients_.begin(), recipients_.end(),
                                      [](const Recipient& r) { return r.verdict.has_value(); });
}

bool AnswerPolicy::owes_envelope() const {
  return !mail_answered_ ||
         std::any_of(recipients_.begin(), recipients_.end(), [](const Recipient& r) { return !r.answer; });
}

bool AnswerPolicy::is_to_get_it(std::size_t recipient) const {
  const Recipient& r = recipients_[recipient];
  return r.is_accepted() && !(mode_.lmtp && r.is_refused_by_far());
}

bool AnswerPolicy::may_be_known() const {
  return std::any_of(recipients_.begin(), recipients_.end(),
                     [](const Recipient& r) { return r.is_accepted() && r.is_in_doubt; });
}

std::optional<smtp::Reply> AnswerPolicy::known_refusal() const {
  if (own_refusal_) return own_refusal_;
  if (is_refused(mail_verdict_)) return mail_verdict_;
  // The verdict that is held speaks for all recipients that were accepted: in SMTP for the one that was, in
  // LMTP for the last of them.
  const auto held =
      std::find_if(recipients_.begin(), recipients_.end(), [](const Recipient& r) { return r.is_held(); });
  const bool is_for_all =
      !mode_.lmtp || std::all_of(recipients_.begin(), recipients_.end(),
                                 [](const Recipient& r) { return r.is_held() || !r.is_accepted(); });
  if (held != recipients_.end() && is_for_all) return held->verdict;
  if (data_verdict_ && !data_verdict_->is_intermediate()) return data_verdict_;
  return {};
}

std::optional<smtp::Reply> AnswerPolicy::last_refusal() const {
  if (is_refused(mail_verdict_)) return mail_verdict_;
  for (std::size_t i = recipients_.size(); i > 0; --i)
    if (auto refusal = refusal_told(i - 1)) return refusal;
  return {};
}

std::optional<smtp::Reply> AnswerPolicy::refusal_told(std::size_t recipient) const {
  const auto& answer = recipients_[recipient].answer;
  return is_refused(answer) ? answer : std::nullopt;
}

// Early replies could not tell a refusal at RCPT there. Where MAIL was refused, that is the reason, and the
// replies to RCPTs behind it ("503 MAIL first") only follow from it.
smtp::Reply AnswerPolicy::final_reply(std::size_t recipient, const smtp::Reply& reply, bool is_retry) const {
  if (!mode_.lmtp) return reply;
  const Recipient& r = recipients_[recipient];
  if (is_refused(mail_verdict_)) return for_each_of_them(*mail_verdict_);
  if (r.is_refused_by_far()) return *r.verdict;
  if (reply.is_positive() && !is_retry && !r.verdict)
    return own(451, "4.5.0", "the far side gave no verdict on this recipient");
  return for_each_of_them(reply);
}

smtp::Reply AnswerPolicy::for_each_of_them(const smtp::Reply& reply) const {
  const std::size_t share = kRepeatedReplyBytes / std::max<std::size_t>(recipients_.size(), 1);
  return smtp::shortened(reply, std::max(share, kLeastRepeatedBytes));
}

smtp::Reply AnswerPolicy::own(int code, std::string_view enhanced, std::string_view text) const {
  return smtp::make_reply(code, enhanced, mode_.site + ": " + std::string(text));
}

}  // namespace tsmtp::mail
