// The first line that whatever listens at an address says.
#pragma once

#include <chrono>
#include <string>

#include "relayd/base/host_port.h"
#include "relayd/base/result.h"

namespace tsmtp::net {

/// Connects to a numeric address or a unix socket, and blocks for at most `patience`. The line has no line
/// end.
[[nodiscard]] base::Result<std::string> greeting_at(const base::HostPort& address,
                                                    std::chrono::milliseconds patience);

}  // namespace tsmtp::net
