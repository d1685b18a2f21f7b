#include "relayd/daemon/relay.h"

#include <unistd.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/metrics_page.h"
#include "relayd/daemon/privileges.h"
#include "relayd/daemon/state_directory.h"
#include "relayd/mux/hello.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;

constexpr std::chrono::milliseconds kDrainPoll{50};
constexpr std::chrono::seconds kGoodbye{2};    // for clients to read our 421
constexpr std::chrono::seconds kLastWords{5};  // for far hubs to have the last replies
constexpr std::chrono::hours kExpiryInterval{1};
constexpr std::chrono::seconds kHolderPoll{5};
constexpr std::chrono::seconds kLookAtDay{10};
constexpr std::chrono::seconds kWitnessPoll{5};
constexpr std::chrono::seconds kKeysPoll{1};
constexpr std::chrono::seconds kSharingPoll{1};
constexpr std::size_t kShownCauseBytes = 300;
constexpr std::chrono::seconds kSiteLedgerPoll{1};

std::string parent_of(const std::string& path) {
  const std::string parent = path.substr(0, path.find_last_of('/'));
  return parent.empty() ? "/" : parent;
}

}  // namespace

Relay::Relay(net::EventLoop& loop, base::Logger& log, settings::Config config, Source source,
             std::unique_ptr<Takeover> takeover)
    : loop_(loop),
      log_(log),
      instance_(net::random_bytes(mux::kInstanceBytes)),
      config_(std::move(config)),
      source_(std::move(source)),
      shortages_(log),
      state_(log),
      keys_(log),
      rotation_(keys_, log,
                {.sites = [this] { return following(); },
                 .changed = [this] { own_key_changed(); },
                 .may_change = [this] { return is_in_charge(); }}),
      audit_(config_.hub.name, log),
      consent_(loop.executor(), log),
      held_endpoints_(config_.hub.endpoint_holder, log),
      peers_({.sites = sites_, .keys = keys_, .pairing = pairing_}, log),
      pages_([this](std::function<void()> task) { loop_.later(std::move(task)); },
             [this](control::WantedPage::Kind kind) { return show(kind); }),
      started_(net::wall_now()),
      config_loaded_(started_),
      takeover_(std::move(takeover)),
      handover_(loop, log, source_.program, handover_host()),
      is_yielded_(takeover_ != nullptr) {}

Relay::~Relay() {
  if (control_) control_->stop();
  if (metrics_) metrics_->stop();
  for (const auto& [address, listener] : listeners_)
    listener->stop();
  for (const auto& site : sites_)
    site->stop("relayd is shutting down");
}

base::Result<void> Relay::start() {
  auto begun = begin();
  // One that takes over is not the service.
  if (!begun && !takeover_)
    readiness_.status("not started: " + base::escaped(begun.error().message, kShownCauseBytes));
  return begun;
}

base::Result<void> Relay::begin() {
  if (takeover_)
    if (auto ok = check_lent(); !ok) return ok;
  if (auto ok = make_directories(); !ok) return ok;
  state_.start_witness(config_.hub);
  const auto owner = owner_of(config_.hub.user);
  if (!owner) return owner.error();
  if (auto ok = rotation_.load(config_.hub, *owner, takeover_ ? takeover_->lent().keys : ""); !ok) return ok;
  auto tls = net::TlsContext::make(rotation_.own().keys());
  if (!tls) return tls.error();
  tls_ = std::make_unique<net::TlsContext>(std::move(*tls));
  admission_.set_limits(config_.hub.admission);
  mta_neighbours_.set_limit(config_.hub.mta_connections);
  if (auto ok = make_audit_file(); !ok) return base::with_context("hub.audit", ok.error());
  if (auto ok = bind_all(); !ok) return ok;
  if (auto ok = drop_to(config_.hub.user); !ok) return ok;
  if (auto ok = open_ledger(); !ok) return ok;
  if (auto ok = keys_.open(config_.hub.state_dir); !ok)
    return base::with_context("hub.state_dir", ok.error());
  state_.set_sites(config_.sites, keys_.known().book());
  if (auto ok = open_audit(); !ok) return ok;
  if (takeover_) {
    take_over();
    return {};
  }
  open_etcd();
  open_pairing();
  serve();
  return {};
}

base::Result<void> Relay::make_directories() {
  raise_descriptor_limit();
  if (auto ok = make_directory(parent_of(config_.hub.control), 0755, config_.hub.user); !ok) return ok;
  const auto ok = make_state_directory(config_.hub.state_dir, config_.hub.user);
  return ok ? ok : base::with_context("hub.state_dir", ok.error());
}

// It is written as hub.user, who may not be able to make it.
base::Result<void> Relay::make_audit_file() {
  const std::string& path = config_.hub.audit;
  if (path.empty() || path == settings::kJournald) return {};
  if (auto ok = make_directory(parent_of(path), 0750, config_.hub.user); !ok) return ok;
  return make_file(path, 0640, config_.hub.user);
}

base::Result<void> Relay::bind_all() {
  const auto owner = owner_of(config_.hub.user);
  if (!owner) return owner.error();
  if (!takeover_) held_endpoints_.take_over();
  const net::Site::Means means{
      .executor = loop_.executor(), .held = held_endpoints_, .shortages = &shortages_, .owner = *owner};
  for (const settings::Site& site : config_.sites) {
    auto bound = net::Site::bind(site, {}, means);
    if (!bound) return bound.error();
    bound_[site.name] = std::move(*bound);
  }
  if (auto ok = bind_listeners(config_.hub, listeners_); !ok) return ok;
  return bind_services(*owner);
}

base::Result<void> Relay::bind_listeners(const settings::Hub& hub, Listeners& fresh) {
  for (const base::HostPort& address : hub.listen) {
    const std::string key = address.to_string();
    if (listeners_.contains(key)) continue;
    auto listener = std::make_shared<net::LinkListener>(
        loop_.executor(), *tls_, admission_,
        net::LinkListener::Callbacks{
            .accept_peer = [this](const keys::Shown& shown,
                                  const std::string& from) { return peers_.accept_peer(shown, from); },
            .connected =
                [this](std::unique_ptr<net::TlsStream> stream) { peers_.connected(std::move(stream)); },
            .refused = [this](const std::string& peer,
                              const std::string& cause) { peers_.refused(peer, cause); },
            .takes_pairing = [this] { return !draining_ && pairing_->takes_pairing(); }},
        &shortages_);
    auto lent = held_endpoints_.take(address);
    auto ok = lent.is_open() ? listener->take_over(address, std::move(lent)) : listener->bind(address);
    if (!ok) return base::with_context("hub.listen", ok.error());
    fresh[key] = std::move(listener);
  }
  return {};
}

base::Result<void> Relay::bind_services(const std::optional<net::Owner>& owner) {
  control_ = std::make_shared<net::RequestServer>(
      loop_.executor(),
      [this](const net::RequestServer::Received& received) { return answer_control(received); }, &shortages_,
      [this](const net::RequestServer::Received& received, const net::RequestServer::Reply& reply) {
        return answer_later(received, reply);
      });
  const base::HostPort socket{.host = {}, .port = 0, .unix_path = config_.hub.control};
  const auto bind = [&](net::RequestServer& server, const base::HostPort& address) {
    auto lent = held_endpoints_.take(address);
    return lent.is_open() ? server.take_over(address, std::move(lent)) : server.bind(address, owner);
  };
  if (auto ok = bind(*control_, socket); !ok) return base::with_context("hub.control", ok.error());
  if (!config_.hub.metrics) return {};
  metrics_ = std::make_shared<net::RequestServer>(
      loop_.executor(),
      [](const net::RequestServer::Received& received) -> std::optional<std::string> {
        auto request = control::page_request(received.text);
        if (!request) return {};
        return std::get<std::string>(std::move(*request));
      },
      &shortages_,
      [this](const net::RequestServer::Received& received, const net::RequestServer::Reply& reply) {
        const auto request = control::page_request(received.text);
        if (!request || !std::holds_alternative<control::PageRequest>(*request)) return false;
        pages_.answer(std::get<control::PageRequest>(*request), reply);
        return true;
      });
  if (auto ok = bind(*metrics_, *config_.hub.metrics); !ok)
    return base::with_context("hub.metrics", ok.error());
  return {};
}

base::Result<void> Relay::open_audit() {
  auto sink = open_audit_sink(config_.hub.audit);
  if (!sink) return base::with_context("hub.audit", sink.error());
  audit_.use(config_.hub.audit, std::move(*sink));
  return {};
}

// What is not there yet, or cannot be reached, comes by itself: mail says meanwhile why it waits.
void Relay::open_etcd() {
  const settings::Ledger& settings = config_.ledger;
  if (settings.engine != settings::LedgerEngine::kEtcd) return;
  etcd_ = std::make_unique<net::EtcdClient>(loop_.executor(), settings, log_);
  if (!settings.share_doubts) return;
  state_.share_doubts(*etcd_, config_.hub.name, settings);
  state_.shared_doubts()->tick(net::now());
  loop_.every(kSharingPoll, [this] {
    state_.shared_doubts()->tick(net::now());
    return true;
  });
}

void Relay::open_pairing() {
  const SiteMaker sites({.config_file = source_.file,
                         .config = [this]() -> const settings::Config& { return config_; },
                         .can_reload = [this] { return can_reload(); },
                         .reload = [this] { return reload(); },
                         .revoked = [this] { return keys_.revoked_pins(); }});
  pairing_ = std::make_unique<Pairing>(config_.hub.state_dir, *tls_, sites, log_);
  joining_ = std::make_unique<Joining>(
      Joining::Means{.executor = loop_.executor(),
                     .tls = *tls_,
                     .judge =
                         [this](const keys::Shown& shown, const std::string& pin) {
                           return keys::judge(shown, {pin}, keys_.known().book(), keys_.crypto()).verdict;
                         }},
      sites, log_);
}

void Relay::serve() {
  forwards_ = std::make_unique<net::SharedByForwards>(net::SharedByForwards{
      .executor = loop_.executor(),
      .log = log_,
      .consent = &consent_,
      .shortages = &shortages_,
      .ended = [this](const forward::Summary& summary) { audit_.record(summary, net::wall_now()); },
      .transferred =
          [this](const forward::ftp::TransferRecord& transfer) {
            audit_.record(transfer, net::wall_now());
          }});
  shared_ = std::make_unique<net::SharedBySites>(
      net::SharedBySites{{.executor = loop_.executor(),
                          .hub_name = config_.hub.name,
                          .instance = {.own = instance_, .predecessor = predecessor()},
                          .tls = *tls_,
                          .keys = keys_.known(),
                          .crypto = keys_.crypto(),
                          .keeper = &rotation_,
                          .log = log_},
                         *forwards_,
                         state_.ledger(),
                         state_.digests(),
                         mta_neighbours_,
                         state_.witness(),
                         &state_.earlier()});
  shared_->shortages = &shortages_;
  shared_->shared_doubts = state_.shared_doubts();
  shared_->is_committing = [this](const std::string& transaction) {
    const auto is_there = [&](const auto& site) { return site->is_committing(transaction); };
    return std::any_of(sites_.begin(), sites_.end(), is_there) ||
           std::any_of(retired_.begin(), retired_.end(), is_there);
  };
  shared_->recent = &recent_;
  shared_->ended = [this](const mail::Summary& summary) {
    audit_.record(summary, net::wall_now());
    recent_.add(summary, net::now(), net::wall_now());
    delays_.add(summary);
  };
  shared_->may_other_commit = [this](const std::string& transaction) {
    return state_.ledger().may_other_commit(transaction);
  };
  open_site_ledger();
  for (const settings::Site& site : config_.sites) {
    sites_.push_back(std::make_unique<net::Site>(*shared_, site));
    net::Site::Bound& bound = bound_[site.name];
    is_yielded_ ? sites_.back()->start_suspended(std::move(bound)) : sites_.back()->start(std::move(bound));
  }
  bound_.clear();
  for (const auto& [address, listener] : listeners_)
    listener->start();
  if (is_yielded_) control_->suspend();
  control_->start();
  if (metrics_ && is_yielded_) metrics_->suspend();
  if (metrics_) metrics_->start();
  keep_endpoints();
  loop_.every(kLookAtDay, [this] {
    note_day();
    return true;
  });
  loop_.every(kHolderPoll, [this] {
    keep_endpoints();
    return true;
  });
  loop_.every(kKeysPoll, [this] {
    if (is_in_charge()) rotation_.tend(config_.hub.rotate_every, net::wall_now(), net::now());
    return true;
  });
  loop_.every(kWitnessPoll, [this] {
    state_.try_witness_again();
    if (is_in_charge()) pairing_->save_if_due();
    return true;
  });
  look_after_earlier();
  reap_for_keeper();
  loop_.every(kExpiryInterval, [this] {
    state_.ledger().expire(net::wall_now(), net::now());
    if (is_in_charge()) pairing_->forget_old();
    return true;
  });
  log_.log(LogLevel::kInfo, "serving as hub " + config_.hub.name + ", " + settings::count_of_sites(config_) +
                                ", key " + net::pin_text(rotation_.own().pin()));
  if (!is_yielded_) loop_.later([this] { become_service(); });  // when it runs, relayctl is answered
}

base::Result<void> Relay::open_ledger() {
  if (takeover_) return state_.borrow(loop_, config_.hub, std::move(takeover_->lent().ledger));
  readiness_.status("opening the ledger in " + config_.hub.state_dir);  // it may have much to recover
  return state_.open(loop_, config_.hub);
}

void Relay::open_site_ledger() {
  if (!etcd_) return;
  site_ledger_ = std::make_unique<SiteLedger>(
      SiteLedger::Means{.store = *etcd_,
                        .log = log_,
                        .config = config_,
                        .instance = shared_->instance.own,
                        .has_lost_rows = state_.ledger().has_lost_rows(),
                        .may_come_twice = [this](const claims::PossibleDuplicate& mail) {
                          audit_.record(mail, net::wall_now());
                        }});
  site_ledger_->begin(*shared_, state_.earlier());
  site_ledger_->tick();
  loop_.every(kSiteLedgerPoll, [this] {
    site_ledger_->tick();
    return true;
  });
}

// Says it to the holder of the endpoints, which may have been started, or started anew, after us.
void Relay::keep_endpoints() {
  if (draining_ || is_yielded_) return;
  std::vector<net::HeldEndpoints::Listening> all;
  for (const auto& site : sites_)
    for (const auto& endpoint : site->endpoints())
      if (!endpoint->address().is_unix()) all.push_back({endpoint->address(), endpoint->descriptor()});
  held_endpoints_.keep(all);
}

void Relay::drain() {
  if (std::exchange(is_told_to_stop_, true)) return loop_.stop();
  begin_drain();
}

void Relay::begin_drain() {
  if (!draining_) drain_for(config_.hub.drain_timeout);
}

void Relay::drain_for(std::chrono::seconds longest) {
  handover_.stopped();
  if (takeover_) takeover_->stopping();
  draining_ = true;
  if (!is_yielded_) readiness_.stopping(status_line(standing()));
  log_.log(LogLevel::kInfo, "shutting down: no new transactions, those under way have " +
                                std::to_string(longest.count()) + " seconds");
  for (const auto& site : sites_)
    site->drain();
  const auto begun = std::chrono::steady_clock::now();
  const auto deadline = begun + longest;
  auto idle_since = std::make_shared<base::TimePoint>();
  loop_.every(kDrainPoll, [this, deadline, idle_since] {
    const auto now = std::chrono::steady_clock::now();
    if (drained() && *idle_since == base::TimePoint{}) *idle_since = now;
    const bool said_goodbye = drained() && all_have_heard(now - *idle_since);
    // One that we take over from drains too. It ends first, for the next relayd wants its ledger.
    const bool is_last = !takeover_ || takeover_->is_alone();
    if ((!said_goodbye && now < deadline) || (!is_last && now < deadline + kGoodbye)) return true;
    for (const auto& site : sites_)
      if (!site->is_heard())
        log_.log(LogLevel::kWarning, site->name() + ": has not confirmed that it has all of our replies");
    log_.log(LogLevel::kInfo,
             drained() ? "all transactions ended, stopping" : "drain_timeout is over, stopping");
    loop_.stop();
    return false;
  });
}

// The replies to the last mails are still on their way to the far hubs, and a 421 to our clients. An outcome
// that is lost there would have to be found out at a second try.
bool Relay::all_have_heard(base::Duration idle_for) const {
  return std::all_of(sites_.begin(), sites_.end(), [&](const auto& site) {
    return (site->sessions() == 0 || idle_for >= kGoodbye) && (site->is_heard() || idle_for >= kLastWords);
  });
}

bool Relay::drained() const {
  return std::all_of(sites_.begin(), sites_.end(), [](const auto& site) { return site->in_flight() == 0; });
}

net::Site* Relay::find_site(const std::string& name) const {
  const auto found =
      std::find_if(sites_.begin(), sites_.end(), [&](const auto& site) { return site->name() == name; });
  return found == sites_.end() ? nullptr : found->get();
}

}  // namespace tsmtp::daemon
