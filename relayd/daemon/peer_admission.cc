#include "relayd/daemon/peer_admission.h"

#include <utility>

#include "relayd/link/report.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/pairing/exchange.h"
#include "relayd/net/tls/identity.h"
#include "relayd/wire/encoder.h"

namespace tsmtp::daemon {
namespace {

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

keys::Verdict PeerAdmission::accept_peer(const keys::Shown& shown, const std::string& address) {
  const keys::Verdict verdict = judge(shown).judgement.verdict;
  if (verdict == keys::Verdict::kUnpinned && !promised_pin(shown).empty()) return keys::Verdict::kAccepted;
  if (verdict == keys::Verdict::kUnpinned)
    refused_keys_.add(net::pin_text(shown.pin()), address, net::wall_now());
  return verdict;
}

// The key may have been one of ours when it was shown; a reload or a revocation may have come between.
void PeerAdmission::connected(std::unique_ptr<net::TlsStream> stream) {
  const keys::Shown& shown = stream->peer_keys();
  net::Site::Judged judged = judge(shown);
  if (stream->is_pairing())
    return means_.pairing->serve(std::move(stream), judged.judgement.verdict == keys::Verdict::kRevoked);
  std::string why = "its key is no longer pinned in the configuration, or revoked";
  std::string words = link::kUnpinned;
  // The hub shows its key for the first time after it has joined.
  if (const std::string promised = promised_pin(shown);
      judged.judgement.verdict == keys::Verdict::kUnpinned && !promised.empty()) {
    if (const auto made = means_.pairing->fulfil(promised); !made) {
      why = "it has joined by an invitation, and has no site yet: " + made.error().message;
      words = "you have joined, but your site cannot be made here yet, and the log here says why; try again";
    }
    judged = judge(shown);
  }
  if (judged.hub != nullptr) return judged.hub->link().adopt(std::move(stream));
  refused(stream->peer_address(), why);
  say_goodbye(std::move(stream), words);
}

void PeerAdmission::refused(const std::string& peer, const std::string& cause) {
  refusals_.refused(peer, cause, net::now());
}

net::Site::Judged PeerAdmission::judge(const keys::Shown& shown) const {
  net::Site::Judged best;
  for (const auto& site : means_.sites) {
    net::Site::Judged one = site->judge(shown);
    if (one.hub != nullptr) return one;
    if (one.judgement.verdict != keys::Verdict::kUnpinned) best = std::move(one);
  }
  // No site has this key any more, and yet the peer should be told why.
  if (means_.sites.empty())
    best.judgement = keys::judge(shown, {}, means_.keys.known().book(), means_.keys.crypto());
  return best;
}

// A hub that has joined, and may have rotated its key since.
std::string PeerAdmission::promised_pin(const keys::Shown& shown) const {
  for (const std::string& pin : shown.pins)
    if (means_.pairing->is_promised(pin) &&
        keys::judge(shown, {pin}, means_.keys.known().book(), means_.keys.crypto()).verdict ==
            keys::Verdict::kAccepted)
      return pin;
  return {};
}

}  // namespace tsmtp::daemon
