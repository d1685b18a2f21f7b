// Relay's part in keys: the decision about who may connect, and relayctl's commands about keys.
#include <sysexits.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/request.h"
#include "relayd/daemon/relay.h"
#include "relayd/link/report.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/pairing/exchange.h"
#include "relayd/settings/pin.h"
#include "relayd/wire/encoder.h"

namespace tsmtp::daemon {
namespace {

constexpr std::string_view kYes = "--yes ";

// As a listening side does that refuses (docs/protocol.md, "Hello"). It is over when the peer has heard it,
// or in some seconds.
void say_goodbye(std::unique_ptr<net::TlsStream> stream, const std::string& words) {
  std::string close;
  wire::encode({.type = wire::FrameType::kClose, .payload = words}, close);
  std::make_shared<net::Exchange>(
      std::move(stream), net::Exchange::Callbacks{.heard = [](std::string_view) { return std::string(); },
                                                  .ended = [](const std::string& /*error*/) {}})
      ->start(close);
}

}  // namespace

net::Site::Judged Relay::judge(const keys::Shown& shown) const {
  net::Site::Judged best;
  for (const auto& site : sites_) {
    net::Site::Judged one = site->judge(shown);
    if (one.hub != nullptr) return one;
    if (one.judgement.verdict != keys::Verdict::kUnpinned) best = std::move(one);
  }
  // No site has this key any more, and yet the peer should be told why.
  if (sites_.empty()) best.judgement = keys::judge(shown, {}, keys_.known().book(), keys_.crypto());
  return best;
}

// A hub that has joined, and may have rotated its key since.
std::string Relay::promised_pin(const keys::Shown& shown) const {
  for (const std::string& pin : shown.pins)
    if (pairing_->is_promised(pin) &&
        keys::judge(shown, {pin}, keys_.known().book(), keys_.crypto()).verdict == keys::Verdict::kAccepted)
      return pin;
  return {};
}

keys::Verdict Relay::accept_peer(const keys::Shown& shown, const std::string& address) {
  const keys::Verdict verdict = judge(shown).judgement.verdict;
  if (verdict == keys::Verdict::kUnpinned && !promised_pin(shown).empty()) return keys::Verdict::kAccepted;
  if (verdict == keys::Verdict::kUnpinned)
    refused_keys_.add(net::pin_text(shown.pin()), address, net::wall_now());
  return verdict;
}

// The key may have been one of ours when it was shown; a reload or a revocation may have come between.
void Relay::connected(std::unique_ptr<net::TlsStream> stream) {
  const keys::Shown& shown = stream->peer_keys();
  net::Site::Judged judged = judge(shown);
  if (stream->is_pairing())
    return pairing_->serve(std::move(stream), judged.judgement.verdict == keys::Verdict::kRevoked);
  std::string why = "its key is no longer pinned in the configuration, or revoked";
  std::string words = link::kUnpinned;
  // The hub shows its key for the first time after it has joined.
  if (const std::string promised = promised_pin(shown);
      judged.judgement.verdict == keys::Verdict::kUnpinned && !promised.empty()) {
    if (const auto made = pairing_->fulfil(promised); !made) {
      why = "it has joined by an invitation, and has no site yet: " + made.error().message;
      words = "you have joined, but your site cannot be made here yet, and the log here says why; try again";
    }
    judged = judge(shown);
  }
  if (judged.hub != nullptr) return judged.hub->link().adopt(std::move(stream));
  refusals_.refused(stream->peer_address(), why, std::chrono::steady_clock::now());
  say_goodbye(std::move(stream), words);
}

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
