// The connections to our MTA for one site: a transaction gets one that is idle, or a new one. Knows whether
// the MTA can be reached and what it offers, and finds out when nobody asks, for the near hub wants to know
// before it takes a mail.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/mail/far_mta.h"
#include "relayd/net/backoff.h"
#include "relayd/net/mta_connection.h"

namespace tsmtp::net {

class MtaPool {
 public:
  struct Settings {
    MtaTarget target;
    std::string own_helo;  ///< for connections that only ask what the MTA offers
    std::chrono::seconds idle_time{
        20};  ///< a connection is kept for the next mail; each costs the MTA a process
    std::size_t idle_connections = 16;
    std::uint64_t mails_per_connection = 100;

    friend bool operator==(const Settings&, const Settings&) = default;
  };
  /// What is known of the MTA has changed.
  using Changed = std::function<void(const mail::FarMta&)>;

  /// `witness`, which may be null, is borrowed and outlives it.
  MtaPool(const boost::asio::any_io_executor& executor, Settings settings, Witness* witness, Changed changed);
  ~MtaPool();
  MtaPool(const MtaPool&) = delete;
  MtaPool& operator=(const MtaPool&) = delete;

  /// A connection greeted as `helo`, a new one if it must be `fresh`, lent to `user`. Keep it until
  /// release().
  [[nodiscard]] std::shared_ptr<MtaConnection> acquire(const std::string& helo, bool fresh, MtaUser& user);

  /// From now on another MTA, or another source; what is lent stays until it is released.
  void retarget(Settings settings);

  /// Asks the MTA what it offers, now and until it has answered.
  void probe();

  /// Nothing before it was tried.
  [[nodiscard]] const std::optional<mail::FarMta>& mta() const { return mta_; }

 private:
  struct Idle {
    std::shared_ptr<MtaConnection> connection;
    base::TimePoint since;
  };

  [[nodiscard]] std::shared_ptr<MtaConnection> connect(const std::string& helo, bool is_probe);
  void on_ready(MtaConnection& connection);
  void on_idle(MtaConnection& connection);
  void on_gone(MtaConnection& connection, const std::string& cause);
  void learnt(mail::FarMta mta);
  void set_idle_timer();
  void close_idle();

  boost::asio::any_io_executor executor_;
  Settings settings_;
  Witness* witness_;
  Changed changed_;
  std::optional<mail::FarMta> mta_;
  std::list<std::shared_ptr<MtaConnection>> all_;
  std::list<Idle> idle_;  // the longest idle first
  boost::asio::steady_timer idle_timer_;
  boost::asio::steady_timer probe_timer_;
  Backoff probe_backoff_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // callbacks may come after us
};

}  // namespace tsmtp::net
