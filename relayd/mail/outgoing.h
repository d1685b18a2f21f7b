// The life of one transaction on the near side: envelope, content, commit or question, final reply. Which
// reply our MTA gets when, AnswerPolicy decides; OutgoingStream carries the mail; OutgoingDoubt knows whether
// it was tried before. It must never answer the end of content with 2yz before the far MTA did (P1).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/byte_budget.h"
#include "relayd/base/clock.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/mail/answer_policy.h"
#include "relayd/mail/intake_host.h"
#include "relayd/mail/outgoing_doubt.h"
#include "relayd/mail/outgoing_stream.h"
#include "relayd/mail/record_reader.h"
#include "relayd/mail/refused_recipients.h"
#include "relayd/mail/stopwatch.h"
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
  base::ByteBudget* compression;             ///< nullptr: content goes as it is
  RefusedRecipients* refused;                ///< nullptr: nobody is remembered
  std::shared_ptr<base::ByteBudget> memory;  ///< of envelopes and verdicts; nullptr: no bound
};

class Outgoing {
 public:
  /// Answers MAIL at once where early replies are allowed.
  Outgoing(OutgoingContext context, mux::StreamKey stream, const smtp::MailRequest& request,
           base::TimePoint now);

  // From the client.
  /// `refusal`: by our own rules. The far side never hears of that recipient, unless it is in doubt: then an
  /// earlier try may have been delivered to it by rules that were others, and only the content tells.
  void add_recipient(const smtp::RcptRequest& request, const std::optional<smtp::Reply>& refusal,
                     base::TimePoint now);
  void data(const smtp::DataRequest& request, base::TimePoint now);
  void content(std::string_view bytes, base::TimePoint now);
  void content_end(const smtp::ContentEnd& end, base::TimePoint now);
  /// RSET or its like, before the end of content. Replies that are still owed to earlier commands are awaited
  /// first.
  void abandon(base::TimePoint now);
  /// There is nobody (any more) to give a reply to: a mail that was committed and is unconfirmed is in doubt.
  void give_up(const std::string& cause, base::TimePoint now);
  /// The client has read the final reply: it may be forgotten everywhere.
  void confirm();

  // From the link and the ledger.
  /// The far side's records. An error: it broke the protocol; the stream is reset already.
  void receive(std::string_view bytes, base::TimePoint now);
  /// The far side's answer to a question that has a stream of its own.
  void question_received(std::string_view bytes, base::TimePoint now);
  void question_lost(const std::string& cause, base::TimePoint now);
  /// Whether another hub may take it from here, unseen: none has said anything of it yet.
  [[nodiscard]] bool can_move() const;
  /// Its stream is lost: it goes on over that one, to another hub.
  void move_to(mux::StreamKey stream);
  /// The stream is over, by a reset or with the link. `cause` as in IntakeHost::open_stream.
  void stream_lost(const std::string& cause, base::TimePoint now);
  void recorded(const base::Result<void>& result, base::TimePoint now);
  /// In place of recorded(): another hub of ours has tried this mail before, and the ledger knows it by now.
  void tried_before(base::TimePoint now);

  /// Time has passed: the far side hears what there is.
  void send_unsent() { stream_.flush(); }

  /// What is known of it while it is under way; its reply has no code.
  [[nodiscard]] Summary so_far(base::TimePoint now) const;

  /// 0 once it is over: numbers are used again on the next connection.
  [[nodiscard]] mux::StreamKey stream() const { return stream_.key(); }
  /// Of a question to another hub; 0 while there is none.
  [[nodiscard]] mux::StreamKey question() const { return question_ ? question_->key() : 0; }
  [[nodiscard]] const std::string& transaction() const { return doubt_.transaction(); }
  [[nodiscard]] base::TimePoint started() const { return started_; }
  /// The final reply was given, but is not confirmed yet: the client may not have read it.
  [[nodiscard]] bool is_answered() const { return phase_ == Phase::kAnswered; }
  [[nodiscard]] bool is_over() const { return phase_ == Phase::kOver; }
  /// Given up by the client, but answers are still awaited: nothing new must begin before it is over.
  [[nodiscard]] bool is_leaving() const { return abandoned_ && !is_over(); }
  [[nodiscard]] std::size_t recipient_count() const { return recipients_.size(); }
  /// Set when the stream was lost before the content: the dialogue must be closed, for there may be no
  /// command to answer.
  [[nodiscard]] const std::optional<std::string>& envelope_loss() const { return envelope_loss_; }
  /// Content is being sent over the link, whose pace counts.
  [[nodiscard]] bool is_streaming() const { return phase_ == Phase::kContent && stream_.is_open(); }
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
    kAnswered,   // until the client confirms that it has the reply
    kOver,
  };
  struct Recipient {
    smtp::PathCommand command;
    smtp::Ticket ticket = 0;
    std::optional<smtp::Reply> final{};  // ours to the end of content
  };

  void on(MailVerdict&& record, base::TimePoint now);
  void on(RcptVerdict&& record, base::TimePoint now);
  void on(DataVerdict&& record, base::TimePoint now);
  void on(FinalVerdict&& record, base::TimePoint now);
  void on(const Outcome& record, base::TimePoint now);
  void ask(const std::string& earlier, base::TimePoint now);
  void learn(const Outcome& outcome, base::TimePoint now);
  void queue_mail();

  void give_answers(base::TimePoint now);
  [[nodiscard]] smtp::Ticket ticket_of(const AnswerPolicy::Answer& answer) const;
  void after_verdict(base::TimePoint now);
  void stop_content_if_refused();
  void remember_first();

  void commit_or_ask(base::TimePoint now);
  void ask(base::TimePoint now);
  void record_doubt(base::TimePoint now);
  void postpone(const smtp::Reply& reply, base::TimePoint now);
  void was_delivered_before(const Outcome& outcome, base::TimePoint now);
  [[nodiscard]] OutgoingDoubt::Indices accepted() const;
  [[nodiscard]] OutgoingDoubt::Indices to_deliver() const;

  void answer_end(const smtp::Reply& reply, base::TimePoint now);
  void end(const smtp::Reply& reply, base::TimePoint now);
  void tell(const smtp::Reply& reply, std::vector<RecipientResult> recipients, base::TimePoint now);
  [[nodiscard]] Summary summary(const smtp::Reply& reply, std::vector<RecipientResult> recipients,
                                base::TimePoint now) const;

  OutgoingContext context_;
  base::ByteShare memory_;
  std::string helo_;
  bool lmtp_;
  smtp::PathCommand mail_;
  smtp::Ticket mail_ticket_;
  smtp::Ticket data_ticket_ = 0;
  std::vector<smtp::Ticket> end_tickets_;
  std::vector<Recipient> recipients_;
  AnswerPolicy policy_;
  OutgoingStream stream_;
  std::optional<OutgoingStream> question_;  // to another hub, that had an earlier try
  RecordReader question_reader_;
  OutgoingDoubt doubt_;
  RecordReader reader_;
  Phase phase_ = Phase::kEnvelope;
  bool refused_here_ = false;  // the only recipient, by our own rules; told at the end of content
  int moves_ = 0;
  bool has_verdict_ = false;  // the far side has said something of this transaction
  bool abandoned_ = false;
  int times_tried_before_ = 0;
  std::optional<std::string> envelope_loss_;
  std::uint64_t size_bytes_ = 0;
  base::TimePoint started_;
  Stages stages_;
  std::optional<base::TimePoint> handed_over_;  // the end of content was read
  Stopwatch ledger_;
  base::Duration far_mta_took_{};
};

}  // namespace tsmtp::mail
