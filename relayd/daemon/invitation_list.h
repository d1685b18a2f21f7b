// The invitations as relayctl shows them, in words and as JSON. No secret is in it.
#pragma once

#include <string>
#include <vector>

#include "relayd/pairing/invitations.h"

namespace tsmtp::daemon {

struct ListedInvitation {
  pairing::Invitation invitation;
  std::string words;    ///< to compare by telephone; empty: nobody has joined by it
  std::string trouble;  ///< why its site could not be made yet; empty: no try has failed
};

[[nodiscard]] std::string invitations_text(const std::vector<ListedInvitation>& all, base::WallTime now);
[[nodiscard]] std::string invitations_json(const std::vector<ListedInvitation>& all, base::WallTime now);

/// For the log: "used by another key".
[[nodiscard]] std::string refusal_name(const pairing::Refusal& refusal);

}  // namespace tsmtp::daemon
