// What `relayctl claims` prints: the mails that hubs of our site have claimed in etcd and not ended. A reply
// is bounded, however many there are.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::control {

struct ClaimShown {
  std::string id;  ///< 32 hexadecimal digits
  std::string site;
  std::string hub;
  base::WallTime since;
  std::string state;  ///< "under way", "hub away" or "undecided"
};

struct ClaimsShown {
  base::WallTime now;
  std::vector<ClaimShown> claims{};
  std::size_t total = 0;
};

/// No more than so many are shown, and how many there are.
inline constexpr std::size_t kMaxClaimsShown = 1000;

/// As a table of printable ASCII, in the local time zone, ending in a line end.
[[nodiscard]] std::string claims_text(const ClaimsShown& claims);

/// As one JSON object, as relayctl(8) describes it.
[[nodiscard]] std::string claims_json(const ClaimsShown& claims);

}  // namespace tsmtp::control
