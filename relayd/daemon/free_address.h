// A site address for a new site that nobody on this machine uses.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "relayd/settings/config.h"

namespace tsmtp::daemon {

/// The addresses that the configuration or the text of /etc/hosts names.
[[nodiscard]] std::set<std::string> addresses_in_use(const settings::Config& config,
                                                     const std::string& hosts);

/// The first of 127.0.5.2, 127.0.5.3, … 127.0.15.254 that is in none of them, and whose port 5000 can be
/// listened on.
[[nodiscard]] std::optional<std::string> free_address(const std::set<std::string>& in_use);

}  // namespace tsmtp::daemon
