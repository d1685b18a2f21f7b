// The address that other hubs dial: the administrator's, or else one from relayd.toml and the machine's name.
#pragma once

#include <string>

#include "relayd/base/result.h"
#include "relayd/settings/hub.h"

namespace tsmtp::cli {

/// With a dot in it; empty if the machine has none.
[[nodiscard]] std::string qualified_host_name();

struct OwnAddress {
  std::string address;  ///< HOST:PORT
  std::string warning;  ///< the reason to doubt it; empty: none
};

/// `at`: HOST or HOST:PORT, as the administrator says it; empty: the address that relayd listens on, if it is
/// one, or else the qualified name of this machine. The error says that there is none, and what to do.
[[nodiscard]] base::Result<OwnAddress> own_address(const settings::Hub& hub, const std::string& at);

}  // namespace tsmtp::cli
