// Peers that dial us: which of them are let in, and where the connection of each goes: to the hub that it is,
// to the pairing, or, with a word why, away. Remembers those that were refused.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "relayd/base/log.h"
#include "relayd/daemon/hub_keys.h"
#include "relayd/daemon/pairing.h"
#include "relayd/daemon/refusal_log.h"
#include "relayd/daemon/refused_keys.h"
#include "relayd/keys/judge.h"
#include "relayd/net/site.h"
#include "relayd/net/tls/tls_stream.h"

namespace tsmtp::daemon {

class PeerAdmission {
 public:
  /// All is borrowed and outlives it.
  struct Means {
    const std::vector<std::unique_ptr<net::Site>>& sites;
    const HubKeys& keys;
    const std::unique_ptr<Pairing>& pairing;  ///< there is one when the first peer dials
  };
  PeerAdmission(const Means& means, base::Logger& log) : means_(means), refusals_(log) {}

  /// Of a peer that has shown these keys in its handshake.
  [[nodiscard]] keys::Verdict accept_peer(const keys::Shown& shown, const std::string& address);
  /// A connection whose peer was accepted.
  void connected(std::unique_ptr<net::TlsStream> stream);
  /// One that came to nothing.
  void refused(const std::string& peer, const std::string& cause);

  /// Connections that were refused since the start.
  [[nodiscard]] std::uint64_t refusals() const { return refusals_.count(); }
  [[nodiscard]] const RefusedKeys& refused_keys() const { return refused_keys_; }

 private:
  [[nodiscard]] net::Site::Judged judge(const keys::Shown& shown) const;
  /// Of these keys, that of a hub that has joined and whose site is still to be made; empty: of none.
  [[nodiscard]] std::string promised_pin(const keys::Shown& shown) const;

  Means means_;
  RefusalLog refusals_;
  RefusedKeys refused_keys_;
};

}  // namespace tsmtp::daemon
