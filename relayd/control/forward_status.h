// What relayd tells of the forwards to a site, and of the services at this hub that the site may reach.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::control {

/// The connections to one service, since relayd started.
struct ForwardedConnections {
  std::uint64_t open = 0;          ///< now
  std::uint64_t total = 0;         ///< with those that are open
  std::uint64_t refused = 0;       ///< that never reached the service
  std::uint64_t to_service = 0;    ///< bytes
  std::uint64_t from_service = 0;  ///< bytes
};

/// One [[forward]]: where programs here find a service of the site.
struct ForwardStatus {
  std::string service;  ///< as the site calls it
  std::vector<std::string> listen;
  std::string cause;          ///< why nothing listens; empty: something does
  base::WallTime since;       ///< that it is so
  std::uint64_t waiting = 0;  ///< connections that wait for the yes of a person there
  ForwardedConnections connections;
};

/// One [[service]], as this site has it.
struct ServiceStatus {
  std::string service;
  std::string to;             ///< "127.0.0.1:110"
  std::string cause;          ///< why it does not answer; empty: it does
  base::WallTime since;       ///< that it is so
  std::uint64_t waiting = 0;  ///< connections of the site that wait for a person's yes
  ForwardedConnections connections;
};

}  // namespace tsmtp::control
