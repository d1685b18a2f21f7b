// The near side of one client connection: the SMTP dialogue that our MTA has with us, and the transactions
// that come out of it. Without sockets or clocks; docs/protocol.md has the replies. It must never hold more
// than a few buffers, and never lets the client wait without end.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/mail/intake_host.h"
#include "relayd/mail/outgoing.h"
#include "relayd/mail/refused_recipients.h"
#include "relayd/policy/rate.h"
#include "relayd/policy/site_rules.h"
#include "relayd/settings/site.h"
#include "relayd/smtp/server_session.h"

namespace tsmtp::mail {

struct IntakeSettings {
  std::string site;
  settings::Rules rules;
  settings::Sessions sessions{};
  smtp::Extensions offered;                  ///< what the far MTA offers, less what we do not carry
  policy::RateLimit* rate = nullptr;         ///< of all sessions of the site; borrowed, outlives the intake
  const bool* is_short_of_memory = nullptr;  ///< this hub; borrowed, outlives the intake. Null: never
  /// Of what is kept of envelopes and verdicts; null: no bound.
  std::shared_ptr<base::ByteBudget> memory{};
  /// Borrowed, outlives the intake; for all mails of the site that are compressed. Null: none is.
  base::ByteBudget* compression = nullptr;
  RefusedRecipients* refused = nullptr;  ///< borrowed, outlives the intake; shared by the site's intakes
  base::Duration far_timeout{
      std::chrono::minutes(12)};  ///< longer than the far side's own, section 4.5.3.2.6
};

class Intake {
 public:
  /// How the dialogue begins: with a greeting that lets the client go on; with one that refuses it, a 421; or
  /// where another intake has left it.
  using Beginning = std::variant<std::monostate, smtp::Reply, smtp::Resting>;

  /// `host` and `digests` are borrowed and outlive the intake.
  Intake(IntakeSettings settings, IntakeHost& host, const base::DigestMaker& digests, base::TimePoint now,
         const Beginning& beginning = {});

  // From the client's connection.
  void receive(std::string_view bytes, base::TimePoint now);
  /// The client sends nothing more. True if it may still read our replies, as one does that has said QUIT
  /// (Exim says it in one go with the end of content); false if it is as good as gone: call client_closed().
  [[nodiscard]] bool goes_on_without_input() const { return session_.was_told_quit(); }
  /// A mail's final reply was written, and the client has not yet shown that it read it.
  [[nodiscard]] bool awaits_confirmation() const { return !unconfirmed_.empty(); }
  /// The client has provably read all that was written, though it has said nothing since.
  void client_has_read();
  /// Where another intake may go on with the client, if it has read all that was written: between two mails.
  [[nodiscard]] std::optional<smtp::Resting> resting() const;
  /// When the client or the far side last moved.
  [[nodiscard]] base::TimePoint last_step() const { return last_step_; }
  /// The client closed, `clean`: in order, with everything read. Nothing must be called afterwards.
  void client_closed(bool clean, base::TimePoint now);
  /// Whether to read from the client now; false while the link or the replies must first catch up.
  [[nodiscard]] bool wants_input() const;
  /// To be written to the client; the owner erases what it wrote.
  [[nodiscard]] std::string& output() { return session_.output(); }
  /// The dialogue is over: write the output, close, then call client_closed().
  [[nodiscard]] bool finished() const { return finished_; }
  /// Closes the dialogue with `reply` (421) as soon as no transaction is in flight.
  void shut_down(const smtp::Reply& reply, base::TimePoint now);
  /// Closes the dialogue with `reply` (421) now; a mail under way is given up, for that cause.
  void dismiss(const smtp::Reply& reply, const std::string& cause, base::TimePoint now);

  // From the link and the ledger, for one of our streams or transactions; unknown ones are ignored.
  void stream_received(mux::StreamKey stream, std::string_view bytes, base::TimePoint now);
  /// The stream (or with it the link) is over.
  void stream_lost(mux::StreamKey stream, const std::string& cause, base::TimePoint now);
  void recorded(const std::string& transaction, const base::Result<void>& result, base::TimePoint now);
  void tried_before(const std::string& transaction, base::TimePoint now);

  /// Time passes; `deadline()` says when next to call.
  void tick(base::TimePoint now);
  [[nodiscard]] base::TimePoint deadline() const;

  /// When a MAIL that waits for its turn wants another look: call tick() then. Nothing while none waits.
  [[nodiscard]] std::optional<base::TimePoint> next_turn() const;

  [[nodiscard]] bool in_transaction() const { return current_ && !current_->is_over(); }
  /// When it began, in_transaction() only.
  [[nodiscard]] base::TimePoint transaction_started() const { return current_->started(); }
  /// Nothing is under way for which the client would have to wait: it is its move.
  [[nodiscard]] bool is_clients_move() const { return in_transaction() && !current_->awaits_far(); }
  [[nodiscard]] bool is_about(const std::string& transaction) const {
    return in_transaction() && current_->transaction() == transaction;
  }
  /// The mail under way; nothing while there is none.
  [[nodiscard]] std::optional<Summary> so_far(base::TimePoint now) const {
    return in_transaction() ? std::optional(current_->so_far(now)) : std::nullopt;
  }
  /// The end of content was read, and its reply is what the client waits for.
  [[nodiscard]] bool has_whole_mail() const { return current_ && current_->has_whole_mail(); }

 private:
  void draw_requests(base::TimePoint now);
  [[nodiscard]] bool take_turn(base::TimePoint now);
  void on(const smtp::MailRequest& request, base::TimePoint now);
  void on(const smtp::RcptRequest& request, base::TimePoint now);
  void on(const smtp::DataRequest& request, base::TimePoint now);
  void on(const smtp::ContentPiece& piece, base::TimePoint now);
  void on(const smtp::ContentEnd& end, base::TimePoint now);
  void on(const smtp::Abandoned&, base::TimePoint now);
  void on(const smtp::Finished&, base::TimePoint now);

  /// Has another hub take what it can take over unseen.
  [[nodiscard]] bool move(Outgoing& outgoing);
  void after_event(base::TimePoint now);
  [[nodiscard]] Outgoing* find(mux::StreamKey stream);
  [[nodiscard]] smtp::Reply site_reply(int code, std::string_view enhanced, const std::string& text) const;

  IntakeSettings settings_;
  IntakeHost& host_;
  const base::DigestMaker& digests_;
  smtp::ServerSession session_;
  std::unique_ptr<Outgoing> current_;
  std::optional<smtp::Reply> held_;  // our own refusal of its MAIL, told at RCPT
  std::vector<std::unique_ptr<Outgoing>>
      unconfirmed_;  // answered; the client has not yet shown that it read the answer
  ClientStanding standing_;
  std::optional<smtp::Request> waiting_;  // a MAIL that has to wait
  base::TimePoint next_look_;
  base::TimePoint waits_since_;
  std::optional<smtp::Reply> shutting_down_;
  bool finished_ = false;
  base::TimePoint last_step_;
};

}  // namespace tsmtp::mail
