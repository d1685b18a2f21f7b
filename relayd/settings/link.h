// How the link to a site is kept, as an administrator says it. Plain data: checked by the reader, taken as it
// is by whoever needs it. The defaults of all keys stand in these structs and nowhere else.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "relayd/settings/proxy.h"

namespace tsmtp::settings {

/// When the TLS keys of a connection are replaced: after so many bytes in one direction, or so much time.
struct RekeyLimits {
  std::uint64_t bytes = std::uint64_t{1} << 30;
  std::chrono::seconds time{3600};

  friend bool operator==(const RekeyLimits&, const RekeyLimits&) = default;
};

struct Link {
  std::chrono::seconds peer_timeout{20};   ///< silence after which the peer is given up
  std::chrono::seconds dial_interval{30};  ///< longest wait between two rounds of dialling
  std::string congestion{};                ///< the kernel's name of an algorithm; empty: what it uses anyway
  RekeyLimits rekey{};
  std::uint64_t connections = 1;           ///< that a link is made of, where both sides are willing
  std::chrono::seconds resume_window{60};  ///< how long a session outlives its connection
  bool compress = false;                   ///< content, where both sides want it
  std::optional<Proxy> proxy{};            ///< through which the site is dialled
  std::string proxy_password_file{};       ///< whose content is Proxy::password, once somebody has read it

  friend bool operator==(const Link&, const Link&) = default;
};

}  // namespace tsmtp::settings
