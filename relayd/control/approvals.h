// What `relayctl approvals` prints: the connections that wait for a person's yes, and the yeses that hold for
// a while. Bounded, because relayd lets no more wait.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::control {

struct ConnectionToApprove {
  std::uint32_t id = 0;
  std::string site;
  std::string service;
  std::string user;    ///< as the other hub says; empty: not known
  std::string client;  ///< its address there; empty: not known
  std::string connection;
  base::WallTime since;
  base::WallTime until;
};

struct StandingYes {
  std::uint32_t id = 0;
  std::string site;
  std::string service;
  std::string by;
  base::WallTime until;
};

struct ApprovalsShown {
  base::WallTime now;
  std::vector<ConnectionToApprove> waiting;  ///< the oldest first
  std::vector<StandingYes> approved;
};

/// As a table of printable ASCII, in the local time zone, ending in a line end.
[[nodiscard]] std::string approvals_text(const ApprovalsShown& shown);

/// As one JSON object, as relayctl(8) describes it.
[[nodiscard]] std::string approvals_json(const ApprovalsShown& shown);

}  // namespace tsmtp::control
