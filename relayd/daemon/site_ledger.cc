#include "relayd/daemon/site_ledger.h"

#include "relayd/net/io/clocks.h"
#include "relayd/net/ledger/memory_name.h"
#include "relayd/net/own_ends.h"

namespace tsmtp::daemon {

SiteLedger::SiteLedger(const Means& means)
    : memory_(net::memory_name(means.config.hub.state_dir, means.has_lost_rows)),
      outcomes_({.store = means.store,
                 .log = means.log,
                 .hub = means.config.hub.name,
                 .settings = means.config.ledger,
                 .memory = memory_}),
      hubs_({.store = means.store,
             .log = means.log,
             .keys = outcomes_.keys(),
             .hub = means.config.hub.name,
             .instance = means.instance,
             .memory = memory_,
             .goes_on_alone = means.config.ledger.on_engine_loss == settings::OnEngineLoss::kLocal}),
      review_({.store = means.store,
               .log = means.log,
               .outcomes = outcomes_,
               .hubs = hubs_,
               .hub = means.config.hub.name,
               .own_end = [this](const claims::Name& name, const claims::Claim& claim) {
                 return net::own_end(*shared_, memory_, name, claim);
               }}) {
  outcomes_.set_callbacks(
      {.own_end = [this](const claims::Name& name,
                         const claims::Claim& claim) { return net::own_end(*shared_, memory_, name, claim); },
       .may_come_twice = means.may_come_twice,
       .away = [this](const std::string& hub) { return hubs_.away(hub); },
       .another_goes_on_alone = [this] { return hubs_.another_goes_on_alone(); }});
}

SiteLedger::~SiteLedger() {
  hubs_.leave();
}

void SiteLedger::begin(net::SharedBySites& shared, net::EarlierCommits& earlier) {
  shared_ = &shared;
  shared.outcomes = &outcomes_;
  shared.shares_outcomes = true;
  earlier.on_unanswered(
      [this](const std::string& site, const std::string& transaction, std::function<void()> done) {
        outcomes_.cannot_tell({.site = site, .transaction = transaction}, std::move(done));
      });
}

void SiteLedger::tick() {
  const base::TimePoint now = net::now();
  outcomes_.tick(now);
  hubs_.tick(now);
  review_.tick(now);
}

control::SiteLedgerStatus SiteLedger::status() const {
  const net::SiteOutcomes::Counts counts = outcomes_.counts();
  control::SiteLedgerStatus status;
  status.engine = "etcd";
  status.counters = {.open = counts.open,
                     .waiting = review_.waiting(),
                     .to_write = counts.to_write,
                     .without_etcd = counts.without_etcd,
                     .resent = counts.resent};
  status.oldest_waiting = review_.oldest_waiting();
  status.hubs = hubs_.there();
  if (const auto& trouble = outcomes_.trouble()) {
    status.trouble = trouble->cause;
    status.since = trouble->since;
  }
  return status;
}

}  // namespace tsmtp::daemon
