// What `relayctl status --json` prints. The keys are a contract, documented in relayctl(8): they may be added
// to, never renamed. Any bytes in any string are survived; what is no UTF-8 becomes U+FFFD.
#pragma once

#include <string>

#include "relayd/control/status.h"

namespace tsmtp::control {

/// One JSON object, indented, ending in a line end. Times are RFC 3339 in UTC; unknown values are null.
[[nodiscard]] std::string status_json(const HubStatus& status);

}  // namespace tsmtp::control
