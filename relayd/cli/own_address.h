// Where other hubs dial this one: what the administrator says, or else what the machine and relayd.toml say.
#pragma once

#include <string>

#include "relayd/base/result.h"
#include "relayd/settings/hub.h"

namespace tsmtp::cli {

/// With a dot in it; empty if the machine has none.
[[nodiscard]] std::string qualified_host_name();

struct OwnAddress {
  std::string address;  ///< HOST:PORT
  std::string warning;  ///< what is doubtful about it; empty: nothing
};

/// `at`: HOST or HOST:PORT, as the administrator says it; empty: the address that relayd listens on, if it is
/// one, or else the qualified name of this machine. The error says that there is none, and what to do.
[[nodiscard]] base::Result<OwnAddress> own_address(const settings::Hub& hub, const std::string& at);

}  // namespace tsmtp::cli
