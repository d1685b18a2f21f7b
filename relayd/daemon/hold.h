// `relayd --hold-endpoints`: the holder of the endpoints (net/endpoint/endpoint_holder.h) from its
// configuration on.
#pragma once

#include <optional>
#include <vector>

#include "relayd/base/log.h"
#include "relayd/daemon/background.h"
#include "relayd/settings/config.h"

namespace tsmtp::daemon {

/// Binds what the sites of `config` have as endpoints, becomes hub.user and holds them until the process is
/// ended. Returns only if it cannot begin, with an exit status of sysexits(3).
[[nodiscard]] int hold_endpoints(const settings::Config& config, base::Logger& log,
                                 std::optional<Background> background, bool logs_to_stderr);

}  // namespace tsmtp::daemon
