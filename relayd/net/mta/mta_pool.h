// The connections to our MTA for one site: opens, lends and closes them as mail::MtaSlots decides. Knows
// whether the MTA can be reached and what it offers, and finds out when nobody asks, for the near hub wants
// to know before it takes a mail.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "relayd/base/lifetime.h"
#include "relayd/mail/mta_slots.h"
#include "relayd/net/mta/mta_connection.h"
#include "relayd/net/mta/mta_neighbours.h"

namespace tsmtp::net {

class MtaPool : private mail::MtaBorrowers {
 public:
  using Request = mail::MtaSlots::Request;

  struct Settings {
    MtaTarget target;
    std::string own_helo;  ///< for connections that only ask what the MTA offers
    settings::MtaConnections use;

    friend bool operator==(const Settings&, const Settings&) = default;
  };
  struct Callbacks {
    std::function<void(const mail::FarMta&)> changed;    ///< what is known of the MTA
    std::function<void(const std::string& text)> noted;  ///< for the log
  };

  /// `witness`, which may be null, and `neighbours` are borrowed and outlive it.
  MtaPool(const boost::asio::any_io_executor& executor, Settings settings, Witness* witness,
          MtaNeighbours& neighbours, Callbacks callbacks);
  ~MtaPool() override;
  MtaPool(const MtaPool&) = delete;
  MtaPool& operator=(const MtaPool&) = delete;

  /// A connection greeted as `helo`, a new one if it must be `fresh`, for `user`, who is told on_mta_ready or
  /// on_mta_failed, never from within this call, unless it withdraws the request first.
  [[nodiscard]] Request request(const std::string& helo, bool fresh, MtaUser& user);
  void withdraw(Request request);

  /// From now on other settings, perhaps another MTA, or another source; what is lent stays until it is
  /// released.
  void retarget(Settings settings);

  /// Asks the MTA what it offers, now and until it has answered.
  void probe();

  /// One connection is closed as soon as it is idle.
  void give_way();

  /// Nothing before it was tried.
  [[nodiscard]] const std::optional<mail::FarMta>& mta() const { return slots_.mta(); }
  [[nodiscard]] const base::HostPort& address() const { return settings_.target.address; }
  [[nodiscard]] mail::MtaCounts counts() const { return slots_.counts(); }
  [[nodiscard]] std::size_t limit() const { return settings_.use.connections; }

 private:
  using Number = mail::MtaSlots::Connection;

  void act_soon();
  void act();
  void on(const mail::MtaSlots::Connect& action);
  void on(const mail::MtaSlots::Lend& action);
  void on(const mail::MtaSlots::Refuse& action);
  void on(const mail::MtaSlots::Quit& action);
  void on(const mail::MtaSlots::TakeBack& action);
  void on(const mail::MtaSlots::AskWay& action);
  void on(const mail::MtaSlots::Tell& action);
  void on(const mail::MtaSlots::Note& action);
  void on_ready(MtaConnection& connection);
  void on_idle(MtaConnection& connection);
  void on_gone(MtaConnection& connection, const std::string& cause);
  [[nodiscard]] std::optional<mail::Silence> silence(Number connection) const override;
  [[nodiscard]] MtaUser* take_user(Request request);

  boost::asio::any_io_executor executor_;
  Settings settings_;
  Witness* witness_;
  MtaNeighbours& neighbours_;
  Callbacks callbacks_;
  mail::MtaSlots slots_;
  std::map<Number, std::shared_ptr<MtaConnection>> connections_;
  std::map<Request, MtaUser*> users_;  // who wait
  Request last_request_ = 0;
  boost::asio::steady_timer timer_;
  bool acts_soon_ = false;
  base::Lifetime lifetime_;  // callbacks may come after us
};

}  // namespace tsmtp::net
