// What an administrator may say about the connections of a link. Plain data, made from the configuration by
// daemon/.
#pragma once

#include <chrono>
#include <string>

#include "relayd/net/tls/rekey_limits.h"

namespace tsmtp::net {

struct LinkSettings {
  std::chrono::seconds peer_timeout{20};   ///< silence after which the peer is given up
  std::chrono::seconds dial_interval{30};  ///< longest wait between two rounds of dialling
  std::string congestion{};                ///< the kernel's name of an algorithm; empty: what it uses anyway
  RekeyLimits rekey{};
  std::size_t connections = 1;             ///< that a link is made of, where both sides are willing
  std::chrono::seconds resume_window{60};  ///< how long a session outlives its connection
  bool compress = false;                   ///< content, where both sides want it

  friend bool operator==(const LinkSettings&, const LinkSettings&) = default;
};

}  // namespace tsmtp::net
