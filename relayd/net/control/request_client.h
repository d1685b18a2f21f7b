// The other end of RequestServer on a unix socket: relayctl's question to a running relayd. Blocks.
#pragma once

#include <string>

#include "relayd/base/result.h"

namespace tsmtp::net {

/// Sends `request` to the socket at `path` and returns all that comes until the other end closes. The error
/// says whether anybody is there.
[[nodiscard]] base::Result<std::string> ask(const std::string& path, const std::string& request);

}  // namespace tsmtp::net
