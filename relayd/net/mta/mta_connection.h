// One connection to our MTA: connects from the site address, greets, and is then lent to one transaction
// after the other.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "relayd/mail/mta_slots.h"
#include "relayd/net/io/byte_channel.h"
#include "relayd/net/mta/mta_dialer.h"
#include "relayd/net/witness/witness.h"
#include "relayd/settings/site.h"
#include "relayd/smtp/client_session.h"

namespace tsmtp::net {

class MtaConnection;

/// The transaction that wants a connection or has it. Must withdraw its request, or release it, before it
/// goes.
class MtaUser {
 public:
  virtual ~MtaUser() = default;
  /// It has the connection from now on.
  virtual void on_mta_ready(const std::shared_ptr<MtaConnection>& connection,
                            smtp::ClientSession& session) = 0;
  /// There is none for it. `said`: the MTA's own refusing reply, if there was one.
  virtual void on_mta_failed(const std::string& cause, const std::optional<smtp::Reply>& said) = 0;
  /// Replies may have come, or output gone out.
  virtual void on_mta_step() = 0;
  virtual void on_mta_lost(const std::string& cause) = 0;
  /// Others wait for it, and nothing was heard of the near side for so long: gives it back.
  virtual void on_mta_wanted(base::Duration silence) = 0;
  /// While it has one, and waits for the near side alone.
  [[nodiscard]] virtual std::optional<mail::Silence> silence() const = 0;
};

class MtaConnection : public std::enable_shared_from_this<MtaConnection>, public ByteChannelOwner {
 public:
  struct Callbacks {
    std::function<void(MtaConnection&)> ready;  ///< greeted and EHLOed
    std::function<void(MtaConnection&)> idle;   ///< released, and all replies are in
    std::function<void(MtaConnection&, const std::string& cause)>
        gone;  ///< last call; `cause` empty: we closed it
  };

  /// `witness`, which may be null, is borrowed and outlives every user.
  MtaConnection(const boost::asio::any_io_executor& executor, std::string helo, Witness* witness,
                Callbacks callbacks);
  ~MtaConnection() override;
  MtaConnection(const MtaConnection&) = delete;
  MtaConnection& operator=(const MtaConnection&) = delete;

  /// `number`: the owner's name for it. `is_probe`: no mail will come over it.
  void connect(const MtaTarget& target, std::uint64_t number, bool is_probe);
  /// Lends it, ready and not in use, to `user`, who is told on_mta_ready at once, and flush()es after each
  /// use.
  void lend(MtaUser& user);
  /// The user gives it back: `reusable`, or to be closed as soon as the MTA has answered what it was asked.
  void release(bool reusable);
  /// Asks the user for it, if there is one.
  void take_back(base::Duration silence);
  /// The bytes given to the session next end the user's transaction. Null where nobody can witness it.
  /// Borrowed from here until the user gives the connection back.
  [[nodiscard]] std::unique_ptr<WitnessedCommit> begin_commit(const ledger::CommitSlot::Origin& site,
                                                              const std::string& transaction,
                                                              const std::vector<std::uint16_t>& refused);
  /// Writes what the session has for the MTA.
  void flush();
  /// Likewise, when what else came with it has been dealt with: much at once wakes the MTA once.
  void flush_soon();
  /// Says QUIT and closes.
  void quit();
  /// The owner goes: a connection that is not in use says QUIT, one that is in use closes when it is released
  /// and all is answered.
  void owner_left();
  /// Closes at once. Callbacks::gone follows.
  void close(const std::string& cause);

  [[nodiscard]] const smtp::Extensions& extensions() const { return session_.extensions(); }
  /// Of the user, if there is one.
  [[nodiscard]] std::optional<mail::Silence> silence() const;
  [[nodiscard]] bool is_ready() const { return ready_; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// How far it came before it was ready.
  [[nodiscard]] mail::MtaSlots::Failure::Stage stage() const;
  [[nodiscard]] bool has_timed_out() const { return timed_out_; }
  /// The reply with which the MTA refused to serve us, if it did.
  [[nodiscard]] const std::optional<smtp::Reply>& refusal() const { return refusal_; }

 private:
  void connected(ByteChannel::Socket connected, std::string proxy_header);
  void on_bytes(std::string_view bytes) override;
  [[nodiscard]] std::span<char> room() override;
  void on_writable() override;
  [[nodiscard]] bool awaits_more() const override { return !ready_ || session_.awaits_reply(); }
  void on_closed(bool clean, const std::string& cause) override;
  void draw_events_without_user();
  void unwatch();
  void leave();
  void limit_leaving();

  boost::asio::any_io_executor executor_;
  std::string helo_;
  Witness* witness_;
  std::uint32_t witness_number_ = 0;
  std::function<void()> unwatch_;      // the connection may outlive the witness
  WitnessedCommit* commit_ = nullptr;  // of the user
  bool is_probe_ = false;
  smtp::ClientSession session_;
  Callbacks callbacks_;
  std::weak_ptr<MtaDialer> dialer_;  // while it connects; its handlers hold it, and it holds us
  OwnedChannel channel_;
  boost::asio::steady_timer timer_;
  MtaUser* user_ = nullptr;
  bool ready_ = false;
  bool idle_told_ = false;
  bool flushes_soon_ = false;
  bool leaving_ = false;  // released, not to be lent again
  bool gone_ = false;
  bool leaves_after_ = false;  // its user
  bool failed_here_ = false;   // it is this machine that has none to give
  bool timed_out_ = false;
  std::uint64_t number_ = 0;
  std::optional<smtp::Reply> refusal_;
};

}  // namespace tsmtp::net
