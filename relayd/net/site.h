// One site with all that belongs to it: endpoints and the sessions at them, its hubs, the transactions that
// come from them, and the connections to our MTA.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/mail/far_mta.h"
#include "relayd/mail/traffic.h"
#include "relayd/net/deliveries.h"
#include "relayd/net/endpoint/endpoint.h"
#include "relayd/net/endpoint/held_endpoints.h"
#include "relayd/net/forward/data_connections.h"
#include "relayd/net/forward/forwards.h"
#include "relayd/net/forward/services.h"
#include "relayd/net/intakes.h"
#include "relayd/net/mta/mta_pool.h"
#include "relayd/net/site_hubs.h"
#include "relayd/net/site_succession.h"
#include "relayd/settings/site.h"

namespace tsmtp::net {

class Site {
 public:
  using Endpoints = std::vector<std::shared_ptr<Endpoint>>;
  /// What it listens on, or will.
  struct Bound {
    Endpoints endpoints{};
    Forwards::Ports ports{};

    void add(const Bound& more);
  };

  /// `shared` is borrowed and outlives the site.
  Site(const SharedBySites& shared, settings::Site settings);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  /// What endpoints are bound with. All is borrowed.
  struct Means {
    boost::asio::any_io_executor executor;
    HeldEndpoints& held;
    Shortages* shortages = nullptr;   ///< null: nobody wants to know
    std::optional<Owner> owner = {};  ///< of unix sockets, if we are root; unset: ours
  };
  /// Binds those endpoints and forwards of `settings` that are not among `bound`, or takes them from those
  /// that are held; changes nothing else. The first half of start() and update().
  [[nodiscard]] static base::Result<Bound> bind(const settings::Site& settings, const Bound& bound,
                                                const Means& means);
  void start(Bound bound);
  /// As start(), but clients wait until succession().resume(): another relayd of this hub, which has lent
  /// these sockets, accepts them.
  void start_suspended(Bound bound);
  /// Its part in an upgrade.
  [[nodiscard]] SiteSuccession& succession() { return succession_; }
  /// Nothing is listened on any more.
  void close_endpoints();
  /// Gives up what is bound to that address, as it is, for another site, by adding it to `to`.
  void give_up(const base::HostPort& address, Bound& to);
  /// Takes new settings without a stop, its name among them. A link whose pins and addresses stay the same
  /// stays up, and so does all else that they do not touch.
  void update(settings::Site settings, const Bound& fresh);

  /// No new transactions, here or from the peer; sessions are told 421 when their transaction is over.
  void drain();
  /// It is no longer configured: its key, its link and its endpoints are gone at once. Only what our MTA has
  /// to answer for goes on to its end.
  void retire();
  /// The end of content of that transaction is with our MTA, or its outcome is being written.
  [[nodiscard]] bool is_committing(const std::string& transaction) const;
  [[nodiscard]] bool is_committing() const;
  /// As Deliveries has it.
  [[nodiscard]] bool forbid_unless_committing(const std::string& transaction) {
    return deliveries_.forbid_unless_committing(transaction);
  }
  /// Transactions under way, both directions.
  [[nodiscard]] std::size_t in_flight() const;
  /// Of both directions; of that transaction alone, if one is named.
  [[nodiscard]] std::vector<mail::TracedMail> mails_under_way(const std::string& transaction = {}) const;
  /// When the oldest of them began; the present if there are none.
  [[nodiscard]] base::TimePoint oldest_in_flight(base::TimePoint now) const;
  /// Whether its hubs have all that we told them, the last replies to mails among it.
  [[nodiscard]] bool is_heard() const;
  /// Closes everything; `reason` is for the peer.
  void stop(const std::string& reason);

  /// What is known of our own MTA; nothing before it was tried.
  [[nodiscard]] const std::optional<mail::FarMta>& own_mta() const { return pool_.mta(); }
  [[nodiscard]] const MtaPool& pool() const { return pool_; }
  [[nodiscard]] const std::string& name() const { return settings_.name; }
  [[nodiscard]] const SiteHubs& hubs() const { return hubs_; }
  /// What becomes of a peer that shows these keys, and the hub that it is if it is accepted.
  struct Judged {
    keys::Judgement judgement;
    SiteHub* hub = nullptr;
  };
  [[nodiscard]] Judged judge(const keys::Shown& shown) const;
  /// We have another key: its hubs are told.
  void own_key_changed();
  /// Keys have been revoked: its links and what goes over them may have no right to be there any more.
  void keys_changed();

  [[nodiscard]] const Endpoints& endpoints() const { return endpoints_; }
  [[nodiscard]] Bound bound() const { return {.endpoints = endpoints_, .ports = forwards_.ports()}; }
  [[nodiscard]] std::size_t sessions() const { return intakes_.size(); }
  /// Of forwards and services.
  [[nodiscard]] std::size_t connections() const { return services_.open() + forwards_.open(); }

  // For status.
  [[nodiscard]] const settings::Site& settings() const { return settings_; }
  [[nodiscard]] const mail::Traffic& traffic() const { return traffic_; }
  [[nodiscard]] const Forwards& forwards() const { return forwards_; }
  [[nodiscard]] const Services& services() const { return services_; }
  [[nodiscard]] std::uint64_t sessions_refused() const { return intakes_.refused(); }
  [[nodiscard]] std::uint64_t rate_refusals_out() const { return intakes_.rate_refusals(); }
  [[nodiscard]] std::uint64_t rate_refusals_in() const { return in_rate_.refused(); }

 private:
  [[nodiscard]] SiteHub::Callbacks hub_callbacks();
  [[nodiscard]] std::vector<Forwards::Way> ways() const;
  void warn_of_congestion() const;
  void start_endpoint(const std::shared_ptr<Endpoint>& endpoint);
  void start_all(Bound bound);
  [[nodiscard]] StreamUser* accept_mail(SiteHub& hub, mux::StreamKey stream);
  void own_mta_changed(const mail::FarMta& mta);
  void ended(const mail::Summary& summary);
  [[nodiscard]] mail::Traced trace(const std::string& transaction) const;
  void sweep();
  void log(base::LogLevel level, const std::string& text) const;
  void provoked(base::Provoked kind, base::LogLevel level, const std::string& text) const;
  void said_by(const SiteHub& hub, base::LogLevel level, const std::string& text) const;

  const SharedBySites& shared_;
  settings::Site settings_;
  base::Lifetime lifetime_;  // what the others call
  MtaPool pool_;
  SiteHubs hubs_;
  policy::RateLimit in_rate_;
  std::shared_ptr<base::ByteBudget> in_memory_ =
      std::make_shared<base::ByteBudget>(kMailMemoryBytes, shared_.mail_memory);
  Endpoints endpoints_;
  Intakes intakes_;
  Deliveries deliveries_;
  DataConnections data_;
  Services services_;
  Forwards forwards_;
  SiteSuccession succession_;
  boost::asio::steady_timer sweep_timer_;
  mail::Traffic traffic_;
  bool draining_ = false;
  bool own_mta_was_away_ = false;
};

}  // namespace tsmtp::net
