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

keys::Verdict Relay::accept_peer(const keys::Shown& shown, const std::string& address) {
  const keys::Verdict verdict = judge(shown).judgement.verdict;
  if (verdict == keys::Verdict::kUnpinned && pairing_->is_promised(shown.pin()))
    return keys::Verdict::kAccepted;
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
  if (judged.judgement.verdict == keys::Verdict::kUnpinned && pairing_->is_promised(shown.pin())) {
    if (const auto made = pairing_->fulfil(shown.pin()); !made) {
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
    out.push_back({.name = site.name, .pins = site.pins});
  return out;
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
  HubKeys::Revoked revoked = keys_.revoke(wanted, sites, {identity_->pin()}, net::wall_now());
  if (!revoked.is_changed) return std::move(revoked.reply);
  for (const auto& each : sites_)
    each->keys_changed();
  pairing_->settle();
  return keys_.write_book(revoked.reply);
}

}  // namespace tsmtp::daemon
