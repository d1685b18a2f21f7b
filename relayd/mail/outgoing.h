// One transaction on the near side: which reply the MTA gets when, from the verdicts that come over the link.
// It must never answer the end of content with 2yz before the far MTA did (P1).
//
// outgoing.cc has its life, outgoing_answers.cc "one round trip a mail", outgoing_content.cc what becomes of
// content, outgoing_doubts.cc "nothing twice".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/byte_budget.h"
#include "relayd/base/clock.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/mail/content_packer.h"
#include "relayd/mail/intake_host.h"
#include "relayd/mail/record.h"
#include "relayd/mail/refused_recipients.h"
#include "relayd/smtp/server_session.h"

namespace tsmtp::mail {

/// What all transactions of one client connection share. Borrowed; outlives them.
struct OutgoingContext {
  IntakeHost& host;
  smtp::ServerSession& session;
  const std::string& site;
  const base::DigestMaker& digests;
  std::uint64_t max_message_bytes;
  bool early_reply;
  CompressionBudget* compression;            ///< nullptr: content goes as it is
  RefusedRecipients* refused;                ///< nullptr: nobody is remembered
  std::shared_ptr<base::ByteBudget> memory;  ///< of envelopes and verdicts; nullptr: no bound
};

class Outgoing {
 public:
  /// Answers MAIL at once where early replies are allowed. What need not cross the link yet, because the
  /// client waits for nothing from the far side, waits for more: a small mail goes in one piece.
  Outgoing(OutgoingContext context, mux::StreamKey stream, const smtp::MailRequest& request,
           base::TimePoint now);

  // From the client.
  void add_recipient(const smtp::RcptRequest& request, base::TimePoint now);
  /// A recipient that our own rules refused, and that the far side never hears of: for the log.
  void refused_here(const smtp::Path& recipient, const smtp::Reply& reply, base::TimePoint now);
  void data(const smtp::DataRequest& request, base::TimePoint now);
  void content(std::string_view bytes, base::TimePoint now);
  void content_end(const smtp::ContentEnd& end, base::TimePoint now);
  /// RSET or its like, before the end of content. What is still owed to commands before it is awaited first.
  void abandon(base::TimePoint now);
  /// There is nobody (any more) to give a reply to: what was committed and not proved to have been answered
  /// is in doubt.
  void give_up(const std::string& cause, base::TimePoint now);
  /// The client has read the final reply: it may be forgotten everywhere.
  void proved();

  // From the link and the ledger.
  /// The far side's records. An error: it broke the protocol; the stream is reset already.
  void receive(std::string_view bytes, base::TimePoint now);
  /// The stream is over, by a reset or with the link. `cause` as in IntakeHost::open_stream.
  void stream_lost(const std::string& cause, base::TimePoint now);
  void recorded(const base::Result<void>& result, base::TimePoint now);

  /// Time has passed: the far side hears what there is.
  void send_unsent();

  /// 0 once it is over: numbers are used again on the next connection.
  [[nodiscard]] mux::StreamKey stream() const { return stream_open_ ? stream_ : 0; }
  [[nodiscard]] const std::string& transaction() const { return transaction_; }
  /// The final reply was given, but not yet proved to have been read.
  [[nodiscard]] bool is_answered() const { return phase_ == Phase::kAnswered; }
  [[nodiscard]] bool is_over() const { return phase_ == Phase::kOver; }
  /// Given up by the client, but answers are still awaited: nothing new must begin before it is over.
  [[nodiscard]] bool is_leaving() const { return abandoned_ && !is_over(); }
  [[nodiscard]] std::size_t recipient_count() const { return recipients_.size(); }
  /// Set when the stream was lost before the content: the dialogue must be closed, for there may be no
  /// command to answer.
  [[nodiscard]] const std::optional<std::string>& envelope_loss() const { return envelope_loss_; }
  /// Content is being sent over the link, whose pace counts.
  [[nodiscard]] bool is_streaming() const { return phase_ == Phase::kContent && stream_open_; }
  /// The end of content was read, and is not yet answered.
  [[nodiscard]] bool has_whole_mail() const {
    return phase_ == Phase::kChecking || phase_ == Phase::kAsking || phase_ == Phase::kCommitted;
  }
  /// A verdict from the far side is all that is waited for.
  [[nodiscard]] bool awaits_far() const;

 private:
  enum class Phase {
    kEnvelope,   // until DATA is answered with 354
    kContent,    // until the end of content
    kChecking,   // the doubt is being written
    kAsking,     // an earlier try was recognised; how did it end?
    kCommitted,  // the far MTA decides
    kAnswered,   // until the client proves that it has the reply
    kOver,
  };
  struct Recipient {
    smtp::PathCommand command;
    smtp::Ticket ticket = 0;
    std::string address_digest;
    bool may_be_known = false;  // in doubt: an earlier try of this mail may have been delivered to it
    std::optional<smtp::Reply> verdict{};  // the far MTA's
    std::optional<smtp::Reply> answer{};   // ours to the client, to RCPT
    std::optional<smtp::Reply> final{};    // … and to the end of content
    std::string mail_digest{};
    std::optional<ledger::DoubtKey> earlier{};  // it in an earlier try of this mail, claimed

    [[nodiscard]] bool is_accepted() const { return answer && answer->is_positive(); }
    [[nodiscard]] bool is_refused_by_far() const { return verdict && !verdict->is_positive(); }
    // Accepted unseen, or in doubt: the far MTA's refusal is told at the end of content, if at all.
    [[nodiscard]] bool is_held() const { return is_accepted() && is_refused_by_far(); }
  };

  void on(MailVerdict&& record, base::TimePoint now);
  void on(RcptVerdict&& record, base::TimePoint now);
  void on(DataVerdict&& record, base::TimePoint now);
  void on(FinalVerdict&& record, base::TimePoint now);
  void on(const Outcome& record, base::TimePoint now);

  void give_answers(base::TimePoint now);
  [[nodiscard]] std::optional<smtp::Reply> last_refusal() const;
  [[nodiscard]] std::optional<smtp::Reply> answer_to_recipient(std::size_t index) const;
  [[nodiscard]] bool is_all_before_known(std::size_t index) const;
  [[nodiscard]] smtp::Reply accepted_unseen() const;
  [[nodiscard]] std::optional<smtp::Reply> answer_to_data() const;
  [[nodiscard]] std::optional<smtp::Reply> far_answer_to_data() const;
  [[nodiscard]] bool all_verdicts_known() const;
  [[nodiscard]] bool is_anybody_accepted() const;
  [[nodiscard]] bool mail_was_refused() const;
  [[nodiscard]] bool is_mail_refusal_held() const;
  [[nodiscard]] bool is_refused_for_all() const;
  [[nodiscard]] bool owes_answers() const;
  [[nodiscard]] std::optional<smtp::Reply> known_refusal() const;
  void stop_content_if_refused();
  void send_content(std::string_view bytes, base::TimePoint now);
  void send_packed(const base::Result<void>& result, std::string_view packed);
  void finish_packing();
  void queue_content(std::string_view header, std::string_view bytes);
  void remember_first();

  [[nodiscard]] bool must_go_alone(const std::string& address_digest);
  void digest_recipients();
  /// An earlier try of this mail may have been delivered: somebody in it is in doubt.
  [[nodiscard]] bool may_be_known() const;
  void commit_or_ask(base::TimePoint now);
  void split();
  void postpone(const smtp::Reply& reply, base::TimePoint now);
  void record_doubt();
  [[nodiscard]] smtp::Reply ledger_reply(const std::string& cause) const;
  void mark_in_doubt();
  void settle();
  void was_delivered_before(const Outcome& outcome, base::TimePoint now);
  [[nodiscard]] std::vector<Recipient*> to_deliver();

  void answer_end(const smtp::Reply& reply, base::TimePoint now);
  [[nodiscard]] smtp::Reply for_each_of_them(const smtp::Reply& reply) const;
  [[nodiscard]] smtp::Reply final_for(const Recipient& recipient, const smtp::Reply& reply) const;
  void end(const smtp::Reply& reply, base::TimePoint now);
  void tell(const smtp::Reply& reply, std::vector<RecipientResult> recipients, base::TimePoint now);
  void reset_stream();
  void send(const Record& record);
  [[nodiscard]] smtp::Reply own_reply(int code, std::string_view enhanced, std::string_view text) const;

  OutgoingContext context_;
  base::ByteShare memory_;
  mux::StreamKey stream_;
  bool stream_open_ = true;
  Phase phase_ = Phase::kEnvelope;
  std::string transaction_;
  RecordReader reader_;
  std::unique_ptr<base::KeyedDigest> digest_;  // of the content
  base::TimePoint started_;
  std::optional<base::TimePoint> handed_over_;  // the end of content was read
  base::Duration far_mta_took_{};

  std::string unsent_;  // records
  std::string helo_;
  bool lmtp_;
  smtp::PathCommand mail_;
  smtp::Ticket mail_ticket_;
  bool mail_is_early_;  // MAIL is answered before its verdict
  bool mail_answered_ = false;
  bool abandoned_ = false;
  std::optional<smtp::Reply> mail_verdict_;
  std::vector<Recipient> recipients_;
  bool first_is_early_ = true;      // the first recipient is answered before its verdict
  std::set<std::string> to_split_;  // all of them have the same
  std::optional<smtp::Ticket> data_ticket_;
  std::optional<smtp::Reply> data_verdict_;
  std::vector<smtp::Ticket> end_tickets_;
  std::optional<std::string> envelope_loss_;
  std::optional<smtp::Reply>
      own_refusal_;  // ours, found during the content: too big, bare line end, link lost
  std::uint64_t size_bytes_ = 0;
  std::uint64_t link_bytes_ = 0;           // of content, as it went over the link
  std::unique_ptr<ContentPacker> packer_;  // content is being compressed
  std::string asked_;                      // the earlier transaction that Ask was sent about
  bool is_retry_ =
      false;  // of what an earlier transaction may have delivered: it is that one's outcome that counts
};

}  // namespace tsmtp::mail
