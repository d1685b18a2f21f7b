// From what the configuration says to what net/ needs.
#pragma once

#include <string>

#include "relayd/config/config.h"
#include "relayd/net/link/strangers.h"
#include "relayd/net/site_settings.h"

namespace tsmtp::daemon {

[[nodiscard]] net::SiteSettings site_settings(const config::Site& site, const std::string& hub_name);

[[nodiscard]] net::Strangers::Limits stranger_limits(const config::Hub& hub);

/// The first key of [hub] that differs and cannot be changed without a restart; empty if none does.
[[nodiscard]] std::string restart_needed(const config::Hub& running, const config::Hub& wanted);

/// "1 site", "3 sites".
[[nodiscard]] std::string count_of_sites(std::size_t sites);

}  // namespace tsmtp::daemon
