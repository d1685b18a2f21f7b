// All forwards to one site, and what its hub has told us of the services there: opens and closes them as the
// link and the services come and go.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relayd/forward/offer.h"
#include "relayd/net/endpoint/held_endpoints.h"
#include "relayd/net/forward/forward.h"
#include "relayd/settings/site.h"

namespace tsmtp::net {

class Forwards {
 public:
  using Ports = Forward::Ports;

  /// The link to one hub of the site, and what that hub has told us of its services. Borrowed.
  struct Way {
    SiteLink& link;
    const forward::Offers& offers;
  };
  /// `shared`, `site` and `data` are borrowed and outlive it. `ways`: to all hubs, at least one, the best
  /// first.
  Forwards(const SharedByForwards& shared, const settings::Site& site, DataConnections& data,
           std::function<std::vector<Way>()> ways);

  struct Means {
    boost::asio::any_io_executor executor;
    Shortages* shortages = nullptr;   ///< null: nobody wants to know
    std::optional<Owner> owner = {};  ///< of unix sockets, if we are root; unset: ours
    HeldEndpoints* held = nullptr;    ///< what another relayd has lent; null: nothing
  };
  /// Takes those addresses of the forwards of `settings` that are not among `bound`; changes nothing else.
  [[nodiscard]] static base::Result<Ports> bind(const settings::Site& settings, const Ports& bound,
                                                const Means& means);

  /// `site` is another from now on, or for the first time.
  void settings_changed(const Ports& fresh);
  [[nodiscard]] std::shared_ptr<ForwardPort> give_up(const base::HostPort& address);
  [[nodiscard]] Ports ports() const;

  /// The standing of a link has changed, or what its hub offers.
  void link_changed();
  /// As Endpoint has them.
  void suspend();
  void resume();
  void tick();
  void drain();
  void stop(const std::string& reason);

  [[nodiscard]] const std::vector<std::unique_ptr<Forward>>& all() const { return all_; }
  /// How many connections there are.
  [[nodiscard]] std::size_t open() const;

 private:
  struct Standing {
    std::optional<std::string> why_closed{};  ///< nothing: it can be reached
    Forward::News news = Forward::News::kNow;
  };
  [[nodiscard]] Standing standing_of(const std::string& service, const Way& way) const;
  /// The first that leads to the service, or else the first.
  [[nodiscard]] Way way_to(const std::string& service) const;
  [[nodiscard]] Forward::Means means_for(const std::string& service);

  const SharedByForwards& shared_;
  const settings::Site& site_;
  DataConnections& data_;
  std::function<std::vector<Way>()> ways_;
  std::vector<std::unique_ptr<Forward>> all_;
  bool draining_ = false;
};

}  // namespace tsmtp::net
