#include "tests/support/hub_of_processes.h"

#include <algorithm>

#include "relayd/ledger/mail_in_doubt.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::support {
namespace {

base::HostPort loopback(std::uint16_t port) {
  return {.host = "127.0.0.1", .port = port, .unix_path = {}};
}

base::DomainSet domain(const std::string& name) {
  base::DomainSet set;
  (void)set.add(name + ".example");
  return set;
}

}  // namespace

void HubOfProcesses::Log::log(base::LogLevel, std::string_view text) {
  const std::lock_guard lock(mutex_);
  text_ += hub_ + ": " + std::string(text) + '\n';
}

std::string HubOfProcesses::Log::text() const {
  const std::lock_guard lock(mutex_);
  return text_;
}

HubOfProcesses::Worker::Worker(HubOfProcesses& hub, std::string instance, std::string predecessor)
    : shared{{.executor = hub.loop_.executor(),
              .hub_name = hub.name_,
              .instance = {.own = std::move(instance), .predecessor = std::move(predecessor)},
              .tls = hub.end_.context(),
              .keys = hub.keys_,
              .crypto = hub.crypto_,
              .keeper = nullptr,
              .log = hub.log_},
             forwards_,
             *hub.ledger_,
             *hub.digests_,
             hub.neighbours_},
      forwards_{.executor = hub.loop_.executor(), .log = hub.log_},
      held_(hub.directory_.file("nobody-holds"), hub.log_) {
  shared.is_committing = [this](const std::string& id) { return site->is_committing(id); };
  const settings::Site settings = hub.settings_of(*this);
  auto bound = net::Site::bind(settings, {}, {.executor = shared.executor, .held = held_});
  if (!bound) throw std::runtime_error(bound.error().message);
  site = std::make_unique<net::Site>(shared, settings);
  site->start(std::move(*bound));
}

HubOfProcesses::HubOfProcesses(LoopThread& loop, std::string name)
    : loop_(loop),
      name_(std::move(name)),
      log_(name_),
      end_(name_),
      ledger_(*net::TransactionLedger::open(loop.executor(), name_, directory_.file("ledger"), log_)),
      digests_(*net::HmacDigestMaker::open(directory_.file("digest.key"))),
      keys_(*net::KeyBook::open(directory_.file("keys.book"))) {
  listener_ = std::make_shared<net::LinkListener>(
      loop.executor(), end_.context(), admission_,
      net::LinkListener::Callbacks{.accept_peer =
                                       [this](const keys::Shown& shown, const std::string&) {
                                         return present_->site->judge(shown).judgement.verdict;
                                       },
                                   .connected =
                                       [this](std::unique_ptr<net::TlsStream> stream) {
                                         if (auto* const hub = present_->site->judge(stream->peer_keys()).hub)
                                           hub->link().adopt(std::move(stream));
                                       },
                                   .refused = [](const std::string&, const std::string&) {}});
  if (const auto ok = listener_->bind(loopback(0)); !ok) throw std::runtime_error(ok.error().message);
  link_port_ = listener_->address().port();
}

HubOfProcesses::~HubOfProcesses() {
  loop_.in_loop([this] {
    listener_->stop();
    for (const auto& worker : {earlier_, present_})
      if (worker) worker->site->stop("the test is over");
  });
  turn();
  loop_.in_loop([this] {
    for (const auto& worker : {earlier_, present_})
      if (worker) worker->site.reset();
  });
  turn();
}

// What is queued is done.
void HubOfProcesses::turn() {
  for (int i = 0; i < 20; ++i)
    loop_.in_loop([] {});
}

settings::Site HubOfProcesses::settings_of(const Worker& worker) const {
  settings::Site site;
  site.name = plan_.site;
  settings::SiteHub hub{.name = plan_.has_absent_hub ? "mail1" : plan_.site, .pins = {plan_.pin}, .dial = {}};
  for (const std::uint16_t port : plan_.dial)
    hub.dial.push_back(loopback(port));
  site.hubs = {hub};
  if (plan_.has_absent_hub)
    site.hubs.push_back({.name = "mail2", .pins = {std::string(32, 'n')}, .dial = {}});
  site.link.connections = plan_.connections;
  site.link.resume_window = plan_.resume_window;
  site.endpoints = {loopback(worker.port)};
  site.rules.domains = domain(plan_.site);
  site.rules.local = domain(name_);
  site.deliver = loopback(mta_port);
  return site;
}

void HubOfProcesses::start(Plan plan) {
  plan_ = std::move(plan);
  loop_.in_loop([this] {
    ledger_->set_sites({{plan_.site, {plan_.pin}}});
    present_ = std::make_shared<Worker>(*this, next_instance(), "");
    listener_->start();
  });
  take_clients();
}

std::string HubOfProcesses::next_instance() {
  return std::string(8, name_.front()) + std::to_string(10'000'000 + ++processes_);
}

void HubOfProcesses::succeed() {
  loop_.in_loop([this] {
    const std::lock_guard lock(mutex_);
    const std::string instance = next_instance();
    earlier_ = present_;
    earlier_->shared.instance.successor = instance;
    present_ = std::make_shared<Worker>(*this, instance, earlier_->shared.instance.own);
    earlier_->site->succession().has_successor();
  });
}

HubOfProcesses::Worker& HubOfProcesses::present() {
  const std::lock_guard lock(mutex_);
  return *present_;
}

HubOfProcesses::Worker* HubOfProcesses::earlier() {
  const std::lock_guard lock(mutex_);
  return earlier_.get();
}

void HubOfProcesses::take_clients() {
  const std::lock_guard lock(mutex_);
  serving_ = present_;
}

std::shared_ptr<HubOfProcesses::Worker> HubOfProcesses::for_client() {
  const std::lock_guard lock(mutex_);
  ++serving_->clients;
  return serving_;
}

void HubOfProcesses::end_earlier() {
  loop_.in_loop([this] {
    std::shared_ptr<Worker> gone;
    {
      const std::lock_guard lock(mutex_);
      gone = std::move(earlier_);
    }
    gone->site->stop("its process ends");
    gone->site.reset();
    gone_.push_back(gone);
    present_->shared.instance.predecessor.clear();
    present_->site->succession().predecessor_gone();
  });
}

bool HubOfProcesses::is_in_touch() {
  return loop_.in_loop([this] { return !present_->site->succession().hubs_in_touch().empty(); });
}

std::optional<std::size_t> HubOfProcesses::leaving_streams() {
  return loop_.in_loop([this] { return present_->site->hubs().all().front()->link().leaving_streams(); });
}

std::size_t HubOfProcesses::in_flight(Worker& worker) {
  return loop_.in_loop([&] { return worker.site->in_flight(); });
}

std::uint64_t HubOfProcesses::delivered_by(Worker& worker, mail::Direction direction) {
  return loop_.in_loop([&] {
    const mail::Traffic& traffic = worker.site->traffic();
    return direction == mail::Direction::kIn ? traffic.in().counters.ok : traffic.out().counters.ok;
  });
}

std::size_t HubOfProcesses::in_doubt() {
  return loop_.in_loop([this] {
    const auto sites = ledger::sites_in_doubt(ledger_->doubts().table());
    const auto found = sites.find(plan_.site);
    return found == sites.end() ? 0 : found->second.mails;
  });
}

std::string HubOfProcesses::log() const {
  return log_.text();
}

}  // namespace tsmtp::support
