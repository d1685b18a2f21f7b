// The services at this hub that one site may reach: whether they answer, who is connected, and what is
// refused. The only place that decides whether a request of a peer is granted.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "relayd/base/lifetime.h"
#include "relayd/forward/offer.h"
#include "relayd/forward/pace.h"
#include "relayd/net/forward/data_connections.h"
#include "relayd/net/forward/far_connection.h"
#include "relayd/net/forward/service_probe.h"
#include "relayd/net/forward/shared_by_forwards.h"
#include "relayd/settings/site.h"

namespace tsmtp::net {

class Services {
 public:
  /// `shared`, `site` and `data` are borrowed and outlive it; settings_changed() says that `site` is another.
  /// `tell`: the site's hubs are to hear of that.
  Services(const SharedByForwards& shared, const settings::Site& site, DataConnections& data,
           std::function<void(const forward::Offer&)> tell);
  ~Services() { lifetime_.end(); }
  Services(const Services&) = delete;
  Services& operator=(const Services&) = delete;

  /// Also for the first time.
  void settings_changed();
  /// No more connections.
  void drain() { draining_ = true; }
  void tick();

  /// A hub of the site opens a stream over `link`, which is borrowed. Null: not now.
  [[nodiscard]] StreamUser* accept(SiteLink& link, mux::StreamKey stream);
  /// All that a hub that knows nothing yet is to hear.
  [[nodiscard]] std::vector<forward::Offer> offers() const;

  struct Counts {
    std::uint64_t total = 0;  ///< that were admitted
    std::uint64_t refused = 0;
    std::uint64_t from_site = 0;  ///< bytes
    std::uint64_t to_site = 0;
  };
  struct Standing {
    const settings::Service& service;
    forward::Offer offer;
    base::WallTime since;
    std::size_t open;
    std::size_t waiting;  ///< of those, for a person's yes
    Counts counts;        ///< with those of the connections that are open
  };
  [[nodiscard]] std::vector<Standing> standings() const;
  /// Connections, of all services.
  [[nodiscard]] std::size_t open() const { return connections_.size(); }
  /// Adds what is known of those that have asked for a service.
  void add_open(std::vector<forward::Summary>& to) const;

 private:
  struct Served {
    settings::Service settings;
    std::string cookie{};  ///< of a display: what programs of this site must show
    std::unique_ptr<ServiceProbe> probe;
    base::WallTime since{};
    forward::Pace from_site{0};
    forward::Pace to_site{0};
    Counts counts{};  // bytes of connections that are over
  };

  void serve(const settings::Service& service);
  void withdraw(const std::string& service);
  void probed(const std::string& service);
  void requested(FarConnection& connection, const forward::Request& request);
  [[nodiscard]] base::Result<Served*> judge(const forward::Request& request);
  /// Lets a person decide.
  void ask(FarConnection& connection, const Served& served);
  void answered(FarConnection& connection, const settings::Service& asked_for,
                const Consent::Verdict& verdict);
  void admit(FarConnection& connection, Served& served, std::string approved_by);
  void admit_data(FarConnection& connection, const forward::Request& request);
  void count(const std::string& service, const forward::Summary& summary);
  void reached(const FarConnection& connection, const base::Result<void>& how);
  [[nodiscard]] static std::string parameter_of(const Served& served);
  void ended(const forward::Summary& summary);
  [[nodiscard]] forward::Offer offer_of(const Served& served) const;
  [[nodiscard]] Counts counts_of(const std::string& name, const Served& served) const;
  [[nodiscard]] std::size_t open_connections(const std::string& service) const;
  [[nodiscard]] MtaTarget target_of(const settings::Service& service) const;

  const SharedByForwards& shared_;
  const settings::Site& site_;
  DataConnections& data_;
  std::function<void(const forward::Offer&)> tell_;
  base::Lifetime lifetime_;
  std::map<std::string, Served> served_;
  std::set<std::shared_ptr<FarConnection>> connections_;
  bool draining_ = false;
};

}  // namespace tsmtp::net
