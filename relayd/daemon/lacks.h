// What a far relayd does not know of what every relayd of this version does.
#pragma once

#include <string>
#include <vector>

#include "relayd/mux/hello.h"

namespace tsmtp::daemon {

/// Each in a few words; empty: it knows all. What depends on its settings too is not among them.
[[nodiscard]] std::vector<std::string> lacks(const mux::Hello& peer);

}  // namespace tsmtp::daemon
