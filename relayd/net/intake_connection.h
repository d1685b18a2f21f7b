// One client connection at an endpoint: carries bytes between its socket, the sans-I/O intake, and the
// streams of the link.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "relayd/mail/intake.h"
#include "relayd/mail/turns.h"
#include "relayd/net/io/byte_channel.h"
#include "relayd/net/link/site_link.h"
#include "relayd/net/resting_session.h"
#include "relayd/net/shared_by_sites.h"
#include "relayd/net/site_hubs.h"

namespace tsmtp::net {

class IntakeConnection : public std::enable_shared_from_this<IntakeConnection>,
                         public ByteChannelOwner,
                         public StreamUser,
                         public mail::IntakeHost {
 public:
  /// Takes a session that rests, and its socket, which it does not close. False: it cannot.
  using Taker = std::function<bool(const RestingSession& session, int socket)>;
  struct Callbacks {
    std::function<void(const mail::Summary&)> ended;
    /// The link takes no more mails until one has ended: it waits, and asks again.
    std::function<void(IntakeConnection&)> link_full;
    std::function<void(IntakeConnection&)> gone;  ///< last call; let go of it later, not inside
  };

  /// What is borrowed and outlives it.
  struct Surroundings {
    const SharedBySites& shared;
    const settings::Site& site;
    SiteHubs& hubs;  ///< of the site; each transaction is given one when it begins
    mail::Turns& turns;
    const Taker& taker;  ///< null: nobody takes it away
  };
  IntakeConnection(ByteChannel::Socket socket, const Surroundings& surroundings,
                   mail::IntakeSettings settings, const mail::Intake::Beginning& beginning,
                   Callbacks callbacks);

  void start();
  void tick();
  /// Says 421 as soon as no transaction is in flight, then closes.
  void shut_down(const smtp::Reply& reply);
  /// Says 421 and closes, whatever is under way: a mail is given up.
  void dismiss(const smtp::Reply& reply, const std::string& cause);
  /// That hub cannot be reached: a mail that is under way there goes to another, or is put off.
  void go_on_without(const SiteHub& hub);
  /// Closes at once.
  void abort();
  /// Gives the session away, if another process takes it and its client has read all there is to read.
  void give_away();
  [[nodiscard]] bool in_transaction() const { return intake_.in_transaction(); }
  /// The mail under way is that transaction.
  [[nodiscard]] bool is_about(const std::string& transaction) const { return intake_.is_about(transaction); }
  /// The mail under way; nothing while there is none.
  [[nodiscard]] std::optional<mail::Summary> so_far(base::TimePoint now) const;
  /// When it began, in_transaction() only.
  [[nodiscard]] base::TimePoint transaction_started() const { return intake_.transaction_started(); }
  /// Neither in a transaction nor waiting for its turn to begin one.
  [[nodiscard]] bool is_idle() const { return !in_transaction() && !intake_.next_turn(); }
  /// Waits for the reply to a mail.
  [[nodiscard]] bool has_whole_mail() const { return intake_.has_whole_mail(); }
  /// In a mail, and nothing is waited for but its client.
  [[nodiscard]] bool is_clients_move() const { return intake_.is_clients_move(); }
  [[nodiscard]] base::TimePoint last_step() const { return intake_.last_step(); }
  /// The local user whose it is, or the address it comes from.
  [[nodiscard]] const std::string& source();
  /// When it was last in a transaction, or began.
  [[nodiscard]] base::TimePoint idle_since() const { return idle_since_; }
  /// It is told 421, or has been.
  [[nodiscard]] bool is_leaving() const { return leaving_ || intake_.finished(); }

  // ByteChannelOwner
  void on_bytes(std::string_view bytes) override;
  void on_writable() override;
  [[nodiscard]] bool awaits_more() const override { return !intake_.has_whole_mail(); }
  [[nodiscard]] bool on_end() override;
  [[nodiscard]] bool gives_away() override;
  void on_closed(bool clean, const std::string& cause) override;
  // StreamUser
  void on_stream_bytes(mux::StreamKey stream, std::string_view bytes) override;
  void on_stream_finished(mux::StreamKey stream) override;
  void on_stream_writable(mux::StreamKey stream) override;
  void on_stream_lost(mux::StreamKey stream, const std::string& cause) override;
  // mail::IntakeHost
  [[nodiscard]] base::Result<mux::StreamKey> open_stream() override;
  [[nodiscard]] bool take_turn(mail::ClientStanding::Rank rank) override;
  [[nodiscard]] bool has_other_hub(mux::StreamKey stream) const override;
  [[nodiscard]] base::Result<Question> open_question(const std::string& transaction,
                                                     mux::StreamKey stream) override;
  [[nodiscard]] std::size_t stream_writable(mux::StreamKey stream) const override;
  void write_stream(mux::StreamKey stream, std::string_view bytes) override;
  void consumed(mux::StreamKey stream, std::size_t bytes) override;
  [[nodiscard]] bool stream_takes_compressed(mux::StreamKey stream) const override;
  void finish_stream(mux::StreamKey stream) override;
  void reset_stream(mux::StreamKey stream) override;
  void record_doubt(const std::string& transaction,
                    const std::vector<ledger::DoubtfulRecipient>& recipients) override;
  [[nodiscard]] std::optional<ledger::DoubtKey> claim_doubt(const std::string& mail) override;
  [[nodiscard]] bool is_in_doubt(const std::string& address) const override;
  [[nodiscard]] bool is_anybody_in_doubt() const override;
  [[nodiscard]] std::set<std::string> transactions_to_split(const std::string& address) const override;
  void must_go_alone(const ledger::DoubtKey& key) override;
  void mark_in_doubt(const std::string& transaction) override;
  void mark_in_doubt(const ledger::DoubtKey& key) override;
  void settle_doubt(const std::string& transaction) override;
  bool settle_doubt(const ledger::DoubtKey& key) override;
  void ended(const mail::Summary& summary) override;

 private:
  [[nodiscard]] mail::Summary with_hub(const mail::Summary& summary) const;
  void share_doubt(const std::string& transaction, const std::vector<ledger::DoubtfulRecipient>& recipients);
  void after_event();
  void count_mail();
  void set_turn_timer();
  [[nodiscard]] ledger::DoubtPlace place_of_doubt() const;
  [[nodiscard]] SiteHub* hub_of(mux::StreamKey stream) const;

  const SharedBySites& shared_;
  const settings::Site& site_;
  SiteHubs& hubs_;
  mail::Turns& turns_;
  const Taker& taker_;
  Callbacks callbacks_;
  smtp::Extensions announced_;
  std::map<mux::StreamKey, SiteHub*> streams_;  // ours, at the hub of each; those that are over are not here
  mux::StreamKey current_ = 0;                  // of them, that of the last transaction that has begun
  std::set<mux::StreamKey> questions_;          // of them, those that carry no mail
  SiteHub* counts_at_ = nullptr;                // that has us for one of the mails under way
  OwnedChannel channel_;
  mail::Intake intake_;
  base::TimePoint idle_since_;
  bool leaving_ = false;
  std::string source_;                    // the client's, once it was asked for
  std::optional<ledger::Client> client_;  // likewise
  std::string alone_;                     // the last transaction that went on without etcd
  boost::asio::steady_timer turn_timer_;
  bool waits_for_turn_ = false;
  bool is_wasteful_ = false;
  bool gone_ = false;
};

}  // namespace tsmtp::net
