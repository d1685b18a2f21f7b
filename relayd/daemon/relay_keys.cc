// Relay's part in keys: relayctl's commands about them, and what sites are told of ours.
#include <sysexits.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/request.h"
#include "relayd/daemon/relay.h"
#include "relayd/net/io/clocks.h"
#include "relayd/settings/pin.h"

namespace tsmtp::daemon {
namespace {

constexpr std::string_view kYes = "--yes ";

}  // namespace

std::vector<keys::SiteKeys> Relay::site_keys() const {
  std::vector<keys::SiteKeys> out;
  for (const settings::Site& site : config_.sites)
    out.push_back({.name = site.name, .pins = site.pins()});
  return out;
}

const net::SiteHub* Relay::find_hub(const std::string& shown_name) const {
  for (const auto& site : sites_)
    for (const auto& hub : site->hubs().all())
      if (hub->shown_name() == shown_name) return hub.get();
  return nullptr;
}

std::string Relay::revoke(std::string_view asked) {
  HubKeys::Wanted wanted;
  wanted.says_yes = asked.starts_with(kYes);
  wanted.target = asked.substr(wanted.says_yes ? kYes.size() : 0);
  const auto sites = site_keys();
  const auto site = std::find_if(sites.begin(), sites.end(),
                                 [&](const keys::SiteKeys& each) { return each.name == wanted.target; });
  if (site != sites.end()) {
    wanted.pins = site->pins;
  } else if (const net::SiteHub* const hub = find_hub(wanted.target)) {
    wanted.pins = hub->settings().pins;
  } else if (auto pin = settings::parse_pin(wanted.target)) {
    wanted.pins = {*pin};
  } else {
    return control::reply_error(
        "there is no site \"" + base::escaped(wanted.target) +
            "\" and it is no pin; relayctl status lists the sites. A key whose site is gone "
            "is revoked by its pin: relayctl revoke sha256:...; an invitation is withdrawn by relayctl "
            "uninvite",
        EX_DATAERR);
  }
  HubKeys::Revoked revoked = keys_.revoke(wanted, sites, rotation_.own().pins(), net::wall_now());
  if (!revoked.is_changed) return std::move(revoked.reply);
  for (const auto& each : sites_)
    each->keys_changed();
  pairing_->settle();
  std::string reply = keys_.write_book(revoked.reply);
  if (takeover_) takeover_->keys_changed();  // the relayd before this one has links, too
  return reply;
}

std::vector<keys::Following> Relay::following() const {
  std::vector<keys::Following> out;
  for (const auto& site : sites_)
    for (const auto& hub : site->hubs().all()) {
      if (hub->revocation()) continue;
      keys::Following each{.site = hub->shown_name(), .has_pin = {}, .can_follow = {}};
      if (const keys::Confirmation* const known = keys_.known().book().confirmation(each.site))
        each.has_pin = known->pin;
      if (const mux::Hello* const peer = hub->link().peer()) each.can_follow = peer->knows_rotation();
      out.push_back(std::move(each));
    }
  return out;
}

void Relay::own_key_changed() {
  tls_->use(rotation_.own().keys());
  for (const auto& site : sites_)
    site->own_key_changed();
}

// To sites that are new, or have another name.
void Relay::announce_key() {
  std::vector<std::string> names;
  for (const auto& site : sites_)
    names.push_back(site->name());
  keys_.keep_sites(names);
  for (const auto& site : sites_)
    site->own_key_changed();
}

}  // namespace tsmtp::daemon
