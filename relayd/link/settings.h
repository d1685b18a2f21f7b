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
  /// Keys to which those have led, or which have led to them: of a link that is up, whichever began it.
  std::vector<std::string> kin{};
  /// Why keys that would be among `pins` are not: for our log and status. Empty: none is missing.
  std::string revoked{};

  friend bool operator==(const Settings&, const Settings&) = default;
};

}  // namespace tsmtp::link
