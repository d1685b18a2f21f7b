// One transaction on the far side: a mail from the link is checked against what the site may send, handed
// to our MTA command by command, and its replies go back word for word. After the end of content it goes on
// to the end even if the link is gone, and its outcome is written before it is reported (P4). It must never
// send the end of content without a Commit.
//
// delivery.cc has what comes over the link and what becomes of the transaction, delivery_mta.cc what our MTA
// says, delivery_questions.cc what is asked of others.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/byte_budget.h"
#include "relayd/base/byte_queue.h"
#include "relayd/base/clock.h"
#include "relayd/mail/delivery_envelope.h"
#include "relayd/mail/delivery_host.h"
#include "relayd/mail/record_reader.h"
#include "relayd/mail/silence.h"
#include "relayd/mail/stopwatch.h"
#include "relayd/policy/rate.h"
#include "relayd/policy/site_rules.h"
#include "relayd/settings/site.h"
#include "relayd/smtp/client_session.h"

namespace tsmtp::mail {

struct DeliverySettings {
  std::string site;           ///< where it comes from
  std::string hub;            ///< our own name, for replies of our own
  std::string site_hub = {};  ///< which of the site's hubs, where it has several
  std::string mta;            ///< "127.0.0.1:25", for replies of our own
  settings::Rules rules;
  policy::RateLimit* rate = nullptr;  ///< of all that the site sends; borrowed, outlives the delivery
  bool takes_compressed = false;      ///< content may come compressed: both hubs have said so
  bool takes_questions = false;       ///< it may be nothing but a question: likewise
  bool takes_reasons = false;         ///< it reads why an outcome is pending
  bool takes_traces = false;          ///< it may be nothing but the question how another went: likewise
  const bool* is_short_of_memory = nullptr;  ///< this hub; borrowed, outlives the delivery. Null: never
  /// Of what is kept of envelopes and verdicts; null: no bound.
  std::shared_ptr<base::ByteBudget> memory{};
};

class Delivery {
 public:
  /// `host` is borrowed and outlives the delivery.
  Delivery(DeliverySettings settings, DeliveryHost& host, base::TimePoint now);

  // From the stream.
  void receive(std::string_view bytes, base::TimePoint now);
  void peer_finished(base::TimePoint now);
  /// The stream, perhaps the link, is gone. A mail that was committed goes on.
  void stream_lost(base::TimePoint now);

  // From the connection to the MTA.
  /// `session` is borrowed until release_connection().
  void connected(smtp::ClientSession& session, base::TimePoint now);
  void connection_failed(const smtp::Reply& reply, base::TimePoint now);
  /// Bytes were fed to the session: draws its events. Call it also when its output has been written.
  void step(base::TimePoint now);
  /// The connection broke. `said`: the MTA's last words, if it had any.
  void connection_lost(const std::string& cause, const std::optional<smtp::Reply>& said, base::TimePoint now);

  /// Others wait for the connection: gives the transaction up, of whose near side nothing was heard for so
  /// long.
  void give_up_silent(base::Duration silence, base::TimePoint now);

  // From the ledger.
  void recorded(base::TimePoint now);
  /// DeliveryHost::claim() is done: the transaction is ours to deliver, or `refusal` says why not.
  void claimed(const std::optional<smtp::Reply>& refusal, base::TimePoint now);
  /// What DeliveryHost::end_earlier() left open.
  void earlier_ended(const Outcome& outcome, base::TimePoint now);

  void tick(base::TimePoint now);
  [[nodiscard]] base::TimePoint deadline() const;

  /// Something that came over the stream waited for output to be written, and need not wait any more, or the
  /// session has an event that nobody has drawn: step() goes on with it.
  [[nodiscard]] bool wants_step() const {
    const bool may_go_on = (!input_.empty() || reader_.has_more()) && stream_open_ && may_read();
    return may_go_on || (session_ != nullptr && session_->has_event());
  }
  /// Bytes to the MTA had better wait for the rest of a small mail's content, or for its end.
  [[nodiscard]] bool gathers_content() const;
  /// Content is being written, and more of it may come before that is done.
  [[nodiscard]] bool has_room_for_content() const;
  /// While it has a connection and waits for the near side alone, before the end of content.
  [[nodiscard]] std::optional<Silence> silence() const;
  /// Nothing more will happen; it may be destroyed.
  [[nodiscard]] bool is_over() const { return state_ == State::kOver; }
  /// The end of content has gone out, or is about to, and its outcome is not yet known: an Ask is answered
  /// "pending".
  [[nodiscard]] bool is_committing() const {
    return state_ == State::kClaiming || state_ == State::kCommitting || state_ == State::kRecording;
  }
  /// All has been said; only the near side's word that its MTA knows is missing.
  [[nodiscard]] bool is_reported() const { return state_ == State::kReported; }
  [[nodiscard]] const std::string& transaction() const { return transaction_; }
  /// What is known of it while it is under way; its reply has no code.
  [[nodiscard]] Summary so_far(base::TimePoint now) const { return summary({}, now); }
  [[nodiscard]] base::TimePoint started() const { return started_; }

 private:
  enum class State {
    kStart,       // until the Mail record
    kConnecting,  // until there is a connection
    kEnvelope,    // MAIL and RCPT are under way
    kDataSent,    // until DATA is answered; with BDAT, until the envelope is
    kContent,     // until Commit
    kRefused,     // refusal_ says why; records are swallowed until Commit
    kClaiming,    // until it is claimed for this hub
    kCommitting,  // until the MTA's final reply
    kRecording,   // until the outcome is on disk
    kReported,    // until the near side has settled
    kOver,
  };

  void note_progress(std::size_t bytes, base::TimePoint now);
  void process(base::TimePoint now);
  [[nodiscard]] std::size_t read_records(std::string_view input, base::TimePoint now);
  [[nodiscard]] bool may_read() const;
  void on(const Mail& record, base::TimePoint now);
  void on(const Rcpt& record, base::TimePoint now);
  void on(const Data& record, base::TimePoint now);
  void on(const Content& record, base::TimePoint now);
  void on(const Commit& record, base::TimePoint now);
  void on(const Ask& record, base::TimePoint now);
  void on(const Settled& record, base::TimePoint now);
  void on(const Trace& record, base::TimePoint now);
  void answer_question(const Outcome& outcome, base::TimePoint now);
  void finish_content(base::TimePoint now);
  void protocol_error(const std::string& what, base::TimePoint now);
  void lost(const smtp::Reply& why, base::TimePoint now);

  void on_answer(const smtp::Answer& answer, base::TimePoint now);
  void on_data_answer(const smtp::Reply& reply, base::TimePoint now);
  [[nodiscard]] bool takes_chunks() const;
  void send_data();
  void answer_data(base::TimePoint now);
  void on_chunk_answer(const smtp::Reply& said, base::TimePoint now);
  void on_final_answer(const smtp::Reply& said, base::TimePoint now);
  void send_envelope();
  void send_rcpt(DeliveryEnvelope::Index index);
  void refuse_rcpt(DeliveryEnvelope::Index index, const smtp::Reply& reply);
  void no_room(base::TimePoint now);
  [[nodiscard]] bool try_again(base::TimePoint now);
  void connect(bool fresh, base::TimePoint now);
  void refuse(const smtp::Reply& reply);
  void refuse_all(const smtp::Reply& reply);

  void report(const smtp::Reply& reply, base::TimePoint now);
  void give_up_transaction();
  void release(bool reusable);
  void end(const smtp::Reply& reply, base::TimePoint now);
  [[nodiscard]] Summary summary(const smtp::Reply& reply, base::TimePoint now) const;
  void send(const Record& record);
  [[nodiscard]] smtp::Reply final_reply(const smtp::Reply& reply, const std::string& to) const;
  [[nodiscard]] smtp::Reply own_reply(int code, std::string_view enhanced, const std::string& text) const;

  DeliverySettings settings_;
  DeliveryHost& host_;
  State state_ = State::kStart;
  bool stream_open_ = true;
  smtp::ClientSession* session_ = nullptr;
  RecordReader reader_;
  base::ByteQueue input_;  // not yet read records; bounded by the stream's window
  base::TimePoint started_;
  base::TimePoint last_step_;
  base::Duration waited_before_{};  // for the near side alone, less what its bytes were worth
  std::optional<base::TimePoint> committed_;
  Stages stages_;
  Stopwatch connecting_;  // to our MTA
  Stopwatch ledger_;

  std::string transaction_;
  std::string helo_;
  DeliveryEnvelope envelope_;
  bool had_data_ = false;
  bool data_sent_ = false;  // DATA, on this connection
  bool had_ask_ = false;
  bool is_asking_ = false;      // it is not answered yet, and nothing behind it is read
  bool asked_afresh_ = false;   // for a second connection
  bool may_try_again_ = false;  // on a fresh connection, should this one have been dead already
  bool was_delivered_before_ = false;
  std::optional<smtp::Reply> refusal_;
  std::optional<smtp::Reply> outcome_;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace tsmtp::mail
