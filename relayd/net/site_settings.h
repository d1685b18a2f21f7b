// A site as net/ needs it: plain data, made from the configuration by daemon/.
#pragma once

#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/policy/site_rules.h"

namespace tsmtp::net {

struct SiteSettings {
  std::string name;
  std::vector<std::string> pins;  ///< 32 raw bytes each
  std::vector<base::HostPort> dial;
  std::vector<base::HostPort> endpoints;
  std::string address;  ///< the site address, source of what we deliver for it; empty: the system's choice
  base::HostPort deliver;
  policy::SiteRules rules;
  bool early_reply = true;
};

}  // namespace tsmtp::net
