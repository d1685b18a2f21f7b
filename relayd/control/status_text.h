// What `relayctl status` prints: a newcomer must see at a glance whether mail flows, and if not, why not.
#pragma once

#include <string>

#include "relayd/control/status.h"

namespace tsmtp::control {

/// The status as lines of printable ASCII, in the local time zone, ending in a line end.
[[nodiscard]] std::string status_text(const HubStatus& status);

}  // namespace tsmtp::control
