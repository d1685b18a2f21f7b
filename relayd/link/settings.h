// What the life of a link is told: who the peer is, where it is dialled, and how the link is kept.
#pragma once

#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/settings/link.h"

namespace tsmtp::link {

struct Settings {
  std::vector<std::string> pins;     ///< of the peer, 32 raw bytes each
  std::vector<base::HostPort> dial;  ///< in their order; empty: the peer dials
  settings::Link link{};

  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace tsmtp::link
