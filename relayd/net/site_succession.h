// A site's part in an upgrade, in the relayd that another takes over from, and in that one: its sockets are
// lent and left to the other, its links begin with the other, and its clients' sessions go over between two
// mails. When each step is due is for daemon/succession.h to say.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "relayd/net/deliveries.h"
#include "relayd/net/endpoint/endpoint.h"
#include "relayd/net/endpoint/held_endpoints.h"
#include "relayd/net/forward/forwards.h"
#include "relayd/net/forward/services.h"
#include "relayd/net/intakes.h"
#include "relayd/net/site_hubs.h"

namespace tsmtp::net {

class SiteSuccession {
 public:
  /// Of the site. All is borrowed and outlives it.
  struct Parts {
    const std::vector<std::shared_ptr<Endpoint>>& endpoints;
    const SiteHubs& hubs;
    Intakes& intakes;
    const Deliveries& deliveries;
    const Services& services;
    Forwards& forwards;
  };
  explicit SiteSuccession(const Parts& site) : site_(site) {}

  /// All that can be lent.
  [[nodiscard]] std::vector<HeldEndpoints::Listening> listening() const;
  /// Clients wait until resume(): the other relayd, which has these sockets too, accepts them.
  void suspend();
  void resume();

  /// Those hubs, as logs call them, whose links are up and which have told of their MTAs.
  [[nodiscard]] std::vector<std::string> hubs_in_touch() const;
  /// The other takes our place, SharedBySites::instance says which: new sessions of the links are with that.
  /// What there is goes on, and the far hubs' mails are still taken.
  void has_successor();
  /// It has failed: new sessions begin with us again. SharedBySites::instance has another own, for a far hub
  /// may have seen the one that it had replaced.
  void has_no_successor();
  /// That before us has ended, and left its ledger to us: far hubs learn what became of its mails from now
  /// on. SharedBySites::instance names it no more.
  void predecessor_gone();

  /// Takes the sessions of these endpoints between two mails; null: they are ours to their end. False: it
  /// cannot.
  using Taker =
      std::function<bool(const base::HostPort& endpoint, const RestingSession& session, int socket)>;
  void give_sessions_to(const Taker& taker);
  /// A session that the other had at an endpoint of this site.
  void go_on_with(const RestingSession& session, base::Descriptor socket);
  /// Sessions that have been idle for so long, and that nobody takes, are told to come again.
  void let_go_of_idle(base::Duration at_least) { site_.intakes.let_go_of_idle(at_least); }
  /// No client is connected, and nothing is under way.
  [[nodiscard]] bool is_idle() const;

 private:
  Parts site_;
};

}  // namespace tsmtp::net
