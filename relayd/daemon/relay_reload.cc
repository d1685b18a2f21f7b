// Relay's reload takes a new configuration over whole or not at all (P9). It does everything that can fail
// first and on the side.
#include <algorithm>

#include "relayd/base/diagnostic.h"
#include "relayd/control/request.h"
#include "relayd/daemon/consent.h"
#include "relayd/daemon/proxy_passwords.h"
#include "relayd/daemon/relay.h"
#include "relayd/net/io/clocks.h"
#include "relayd/settings/keys.h"
#include "relayd/settings/reader.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;

constexpr std::chrono::milliseconds kRetirePoll{50};

}  // namespace

base::Result<std::string> Relay::reload() {
  if (handover_.is_under_way() || handover_.is_leaving())
    return base::Error{"another relayd takes over from this one; reload that, in a moment"};
  if (draining_) return read_again();
  readiness_.reloading();
  auto result = read_again();
  tell_ready();  // with the new configuration or the old one
  return result;
}

std::string Relay::reload_reply() {
  const auto done = reload();
  return done ? control::reply_ok(*done) : control::reply_error(done.error().message);
}

base::Result<std::string> Relay::read_again() {
  base::Diagnostics findings;
  auto wanted = settings::read(source_.file, source_.overrides, findings);
  base::Result<void> result =
      wanted ? read_proxy_passwords(*wanted)
             : base::Result<void>(base::Error{"the configuration has errors, see the log or relayd --check"});
  if (result) result = apply(*wanted);
  if (!result) {
    last_reload_error_ = result.error().message;
    log_.log(LogLevel::kError,
             "not reloaded, the running configuration stays in force: " + result.error().message);
    for (const base::Diagnostic& finding : findings.all())
      log_.log(LogLevel::kError, "not reloaded: " + base::to_string(finding));
    return base::Error{findings.to_string() + last_reload_error_ +
                       "\nnot reloaded: the running configuration stays in force"};
  }
  take_back_changed(consent_, config_, *wanted);
  config_ = *wanted;
  keep_endpoints();
  config_loaded_ = net::wall_now();
  last_reload_error_.clear();
  pairing_->settle();
  log_.log(LogLevel::kInfo, "configuration reloaded, " + settings::count_of_sites(config_));
  return base::Result<std::string>(
      boost::system::in_place_value,
      findings.to_string() + "reloaded, " + settings::count_of_sites(config_) + "\n");
}

// Finds the errors that can be known without doing it.
base::Result<void> Relay::can_reload() const {
  if (draining_) return base::Error{"relayd is shutting down"};
  if (!is_in_charge()) return base::Error{"another relayd takes over from this one; try again in a moment"};
  base::Diagnostics findings;
  const auto wanted = settings::read(source_.file, source_.overrides, findings);
  if (!wanted)
    return base::Error{
        "the configuration has errors, so that no site can be taken into use: `relayd --check` says which"};
  if (const std::string key = settings::restart_needed(config_, *wanted); !key.empty())
    return base::Error{key + " has changed, which a reload cannot do: restart relayd"};
  return {};
}

// First everything that can fail, on the side; then the change itself, which cannot.
base::Result<void> Relay::apply(const settings::Config& wanted) {
  if (draining_) return base::Error{"relayd is shutting down"};
  if (const std::string key = settings::restart_needed(config_, wanted); !key.empty())
    return base::Error{key + " has changed, which a reload cannot do: restart relayd"};
  Listeners fresh_listeners;
  if (auto ok = bind_listeners(wanted.hub, fresh_listeners); !ok) return ok;
  // A site that is renamed, or takes another's endpoint, gets it as it is bound.
  net::Site::Bound bound;
  for (const auto& site : sites_)
    bound.add(site->bound());
  const net::Site::Means means{
      .executor = loop_.executor(), .held = held_endpoints_, .shortages = &shortages_};
  BoundBySites fresh_bound;
  for (const settings::Site& site : wanted.sites) {
    auto fresh = net::Site::bind(site, bound, means);
    if (!fresh) return fresh.error();
    fresh_bound[site.name] = std::move(*fresh);
  }
  auto audit = open_audit_sink(wanted.hub.audit);
  if (!audit) return base::with_context("hub.audit", audit.error());

  audit_.use(wanted.hub.audit, std::move(*audit));
  admission_.set_limits(wanted.hub.admission);
  mta_neighbours_.set_limit(wanted.hub.mta_connections);
  const auto running = running_sites(wanted);
  move_endpoints(wanted, running, fresh_bound);
  std::vector<std::unique_ptr<net::Site>> removed;
  std::swap(sites_, removed);
  for (std::size_t i = 0; i < wanted.sites.size(); ++i) {
    const settings::Site& site = wanted.sites[i];
    if (!running[i]) {
      sites_.push_back(std::make_unique<net::Site>(*shared_, site));
      continue;
    }
    const auto taken = std::find_if(removed.begin(), removed.end(),
                                    [&](const auto& known) { return known.get() == running[i]; });
    sites_.push_back(std::move(*taken));
  }
  // The ledger comes first, so that from the first word on the rows of a site are found under its name.
  state_.set_sites(wanted.sites, keys_.known().book());
  for (auto& site : removed)
    if (site) retire(std::move(site));
  for (std::size_t i = 0; i < wanted.sites.size(); ++i) {
    const settings::Site& site = wanted.sites[i];
    if (running[i]) {
      sites_[i]->update(site, fresh_bound[site.name]);
    } else {
      sites_[i]->start(std::move(fresh_bound[site.name]));
    }
  }
  std::erase_if(listeners_, [&](const auto& listening) {
    const auto& listen = wanted.hub.listen;
    if (std::any_of(listen.begin(), listen.end(),
                    [&](const auto& address) { return address.to_string() == listening.first; }))
      return false;
    listening.second->stop();
    return true;
  });
  for (auto& [address, listener] : fresh_listeners) {
    listener->start();
    listeners_[address] = std::move(listener);
  }
  announce_key();
  return {};
}

// A site is known by its name. If that is gone and its key has another one, it is known by the key: a site is
// its key (P7), and goes on as it is, with all that is under way.
std::vector<net::Site*> Relay::running_sites(const settings::Config& wanted) const {
  const auto is_wanted = [&](const std::string& name) {
    return std::any_of(wanted.sites.begin(), wanted.sites.end(),
                       [&](const settings::Site& site) { return site.name == name; });
  };
  std::vector<net::Site*> found;
  for (const settings::Site& site : wanted.sites) {
    const std::vector<std::string> pins = site.pins();
    const auto shares_a_key = [&](const auto& running) {
      return !is_wanted(running->name()) &&
             std::find(found.begin(), found.end(), running.get()) == found.end() &&
             std::any_of(pins.begin(), pins.end(),
                         [&](const std::string& pin) { return running->hubs().of_pin(pin) != nullptr; });
    };
    net::Site* running = find_site(site.name);
    if (running == nullptr) {
      const auto renamed = std::find_if(sites_.begin(), sites_.end(), shares_a_key);
      if (renamed != sites_.end()) running = renamed->get();
    }
    found.push_back(running);
  }
  return found;
}

void Relay::move_endpoints(const settings::Config& wanted, const std::vector<net::Site*>& running,
                           BoundBySites& fresh) const {
  for (std::size_t i = 0; i < wanted.sites.size(); ++i)
    for (const base::HostPort& address : wanted.sites[i].listens_on())
      for (const auto& holder : sites_)
        if (holder.get() != running[i]) holder->give_up(address, fresh[wanted.sites[i].name]);
}

// A site that is no longer configured. Mails for which our MTA has yet to answer may end, however long that
// takes (P4), although no key is trusted for the site any more. Then it goes.
void Relay::retire(std::unique_ptr<net::Site> site) {
  log_.log(LogLevel::kInfo, site->name() + ": is no longer configured; its link is closed");
  site->retire();
  net::Site* retired = site.get();
  retired_.push_back(std::move(site));
  const auto deadline = std::chrono::steady_clock::now() + config_.hub.drain_timeout;
  loop_.every(kRetirePoll, [this, retired, deadline] {
    const bool is_late = std::chrono::steady_clock::now() >= deadline;
    if (is_late ? retired->is_committing() : retired->in_flight() > 0) return true;
    std::erase_if(retired_, [&](const auto& known) { return known.get() == retired; });
    return false;
  });
}

}  // namespace tsmtp::daemon
