// One [[forward]]: where programs at this hub find a service of another site. Plain data: checked by the
// reader, taken as it is by whoever needs it. The defaults of all keys stand in this struct and nowhere else.
#pragma once

#include <string>
#include <vector>

#include "relayd/base/host_port.h"
#include "relayd/settings/access.h"

namespace tsmtp::settings {

struct Forward {
  std::vector<base::HostPort> listen;
  std::string site;
  std::string service;  ///< as that site calls it
  Access access;
  std::string xauthority{};  ///< path of the file that programs find the display's cookie in; empty: none

  friend bool operator==(const Forward&, const Forward&) = default;
};

}  // namespace tsmtp::settings
