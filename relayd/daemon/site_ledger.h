// What the hubs of our site keep together in etcd, where [ledger] engine = "etcd": made once, ticked, and
// shown.
#pragma once

#include <functional>
#include <string>

#include "relayd/base/log.h"
#include "relayd/control/status.h"
#include "relayd/etcd/store.h"
#include "relayd/net/ledger/claim_review.h"
#include "relayd/net/ledger/hub_presence.h"
#include "relayd/net/ledger/site_outcomes.h"
#include "relayd/net/shared_by_sites.h"
#include "relayd/settings/config.h"

namespace tsmtp::daemon {

class SiteLedger {
 public:
  struct Means {
    etcd::Store& store;
    base::Logger& log;
    const settings::Config& config;
    std::string instance;  ///< of this relayd
    bool has_lost_rows;    ///< the ledger
    std::function<void(const claims::PossibleDuplicate&)> may_come_twice;
  };

  /// As hub.user. `means` is not needed later, but for store and log, which are borrowed.
  explicit SiteLedger(const Means& means);
  ~SiteLedger();
  SiteLedger(const SiteLedger&) = delete;
  SiteLedger& operator=(const SiteLedger&) = delete;

  /// `shared` is borrowed, and uses the site's outcomes from now on. What `earlier` left is settled as soon
  /// as etcd answers.
  void begin(net::SharedBySites& shared, net::EarlierCommits& earlier);
  /// Every second.
  void tick();

  [[nodiscard]] net::ClaimReview& claims() { return review_; }
  [[nodiscard]] control::SiteLedgerStatus status() const;

 private:
  std::string memory_;
  const net::SharedBySites* shared_ = nullptr;
  net::SiteOutcomes outcomes_;
  net::HubPresence hubs_;
  net::ClaimReview review_;
};

}  // namespace tsmtp::daemon
