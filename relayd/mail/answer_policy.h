// Which reply the client of one mail gets when: early ones, the far MTA's verdicts, and refusals that can
// only be told at the end of content. Pure: it is told what was asked and what the far MTA said, and says
// what can be answered by now. docs/replies.md is this class as tables, and its test reads them. It must
// never let a mail that nobody has taken look taken (P1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/smtp/reply.h"

namespace tsmtp::mail {

class AnswerPolicy {
 public:
  struct Mode {
    std::string site;    ///< begins what we say ourselves
    bool early_reply;    ///< RCPT and DATA may be answered before the far MTA has spoken
    bool mail_is_early;  ///< … and MAIL
    bool lmtp;           ///< each recipient has a final reply of its own
  };
  /// What is known of a recipient when it is named.
  struct Named {
    bool another_follows = false;  ///< the next one is here already
    bool was_refused = false;      ///< when it was accepted unseen before
    bool is_in_doubt = false;      ///< an earlier try of this mail may have been delivered to it
  };
  enum class Command { kMail, kRcpt, kData };
  struct Answer {
    Command to;
    std::size_t recipient;  ///< of RCPT: which, in the order they were named
    smtp::Reply reply;
  };

  explicit AnswerPolicy(Mode mode) : mode_(std::move(mode)) {}

  // What the client asks; MAIL is the first.
  void name_recipient(const Named& named);
  void ask_data() { data_asked_ = true; }
  // What the far MTA says. The first word counts; of a recipient that was not named none does.
  void mail_verdict(smtp::Reply reply);
  void recipient_verdict(std::size_t recipient, smtp::Reply reply);
  void data_verdict(smtp::Reply reply);
  /// A refusal of our own that is found in the content. The first counts.
  void refuse(smtp::Reply reply);

  /// All that can be answered by now and was not: it counts as answered from now on. 354 is the last.
  [[nodiscard]] std::vector<Answer> take_answers();

  /// MAIL, or a RCPT, is not answered.
  [[nodiscard]] bool owes_envelope() const;
  /// DATA is asked, and not answered.
  [[nodiscard]] bool owes_data() const { return data_asked_ && !data_answered_; }
  /// MAIL itself was answered with a refusal: for the client there is no transaction.
  [[nodiscard]] bool is_mail_refused() const { return !mode_.mail_is_early && is_refused(mail_verdict_); }

  [[nodiscard]] std::size_t recipients() const { return recipients_.size(); }
  [[nodiscard]] bool has_verdict(std::size_t recipient) const {
    return recipients_[recipient].verdict.has_value();
  }
  [[nodiscard]] bool is_refused_by_far(std::size_t recipient) const {
    return recipients_[recipient].is_refused_by_far();
  }
  /// Answered with 2yz: the reply to the end of content is for it too.
  [[nodiscard]] bool is_accepted(std::size_t recipient) const { return recipients_[recipient].is_accepted(); }
  /// Of those, whom the content is for. SMTP's final reply speaks for all that were accepted.
  [[nodiscard]] bool is_to_get_it(std::size_t recipient) const;
  /// An earlier try of this mail may have been delivered: somebody who is accepted is in doubt.
  [[nodiscard]] bool may_be_known() const;

  /// What the whole mail will be refused with at the end of content, if it is certain.
  [[nodiscard]] std::optional<smtp::Reply> known_refusal() const;
  /// The last refusal that the client was told, or that MAIL met: why it most likely gives the mail up.
  [[nodiscard]] std::optional<smtp::Reply> last_refusal() const;
  /// The refusal of that RCPT, if it was told one.
  [[nodiscard]] std::optional<smtp::Reply> refusal_told(std::size_t recipient) const;
  /// What that accepted recipient is told at the end of content when `reply` answers the mail. `is_retry`:
  /// the reply is that of an earlier try, to which no verdict of this one belongs.
  [[nodiscard]] smtp::Reply final_reply(std::size_t recipient, const smtp::Reply& reply, bool is_retry) const;

  /// A reply of our own: it names the site.
  [[nodiscard]] smtp::Reply own(int code, std::string_view enhanced, std::string_view text) const;

 private:
  struct Recipient {
    bool is_in_doubt;
    std::optional<smtp::Reply> verdict{};  // the far MTA's
    std::optional<smtp::Reply> answer{};   // ours to the client

    [[nodiscard]] bool is_accepted() const { return answer && answer->is_positive(); }
    [[nodiscard]] bool is_refused_by_far() const { return is_refused(verdict); }
    // Accepted unseen, or in doubt: the far MTA's refusal is told at the end of content, if at all.
    [[nodiscard]] bool is_held() const { return is_accepted() && is_refused_by_far(); }
  };

  [[nodiscard]] static bool is_refused(const std::optional<smtp::Reply>& verdict) {
    return verdict && !verdict->is_positive();
  }
  [[nodiscard]] std::optional<smtp::Reply> answer_to_mail() const;
  [[nodiscard]] std::optional<smtp::Reply> answer_to_recipient(std::size_t index) const;
  [[nodiscard]] std::optional<smtp::Reply> answer_to_data() const;
  [[nodiscard]] std::optional<smtp::Reply> far_answer_to_data() const;
  [[nodiscard]] smtp::Reply accepted_unseen() const;
  [[nodiscard]] bool is_all_before_known(std::size_t index) const;
  [[nodiscard]] bool all_verdicts_known() const;
  [[nodiscard]] bool is_mail_refusal_held() const { return mode_.mail_is_early && is_refused(mail_verdict_); }
  [[nodiscard]] smtp::Reply for_each_of_them(const smtp::Reply& reply) const;

  Mode mode_;
  bool first_is_early_ = true;  // the first recipient is answered before its verdict
  bool mail_answered_ = false;
  std::optional<smtp::Reply> mail_verdict_;
  std::vector<Recipient> recipients_;
  bool data_asked_ = false;
  bool data_answered_ = false;
  std::optional<smtp::Reply> data_verdict_;
  std::optional<smtp::Reply> own_refusal_;
};

}  // namespace tsmtp::mail
