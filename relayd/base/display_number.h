// The X display that an address stands for.
#pragma once

#include <optional>
#include <string>

#include "relayd/base/host_port.h"

namespace tsmtp::base {

/// "10" for a port 6010 and for a unix socket that is called X10; nothing where no display can be.
[[nodiscard]] std::optional<std::string> display_number(const HostPort& address);

}  // namespace tsmtp::base
