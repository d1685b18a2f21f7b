// What follows from the sites of a relayd.toml: the mailertable, and names for their addresses.
#pragma once

#include <string>

#include "mailertable/hub/sites.h"

namespace tsmtp::mailertable {

/// A table with a line for each domain of each site that has an address. check_sites() has nothing against
/// it.
[[nodiscard]] std::string generated_table(const Sites& sites);

/// A line for each of those sites, in the form of hosts(5): "127.0.5.2\tbirl.tsmtp".
[[nodiscard]] std::string generated_hosts(const Sites& sites);

}  // namespace tsmtp::mailertable
