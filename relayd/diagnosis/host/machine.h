// What this machine says of itself: its name, clock, disks, load, packet filter, and what it starts at boot.
#pragma once

#include <sys/types.h>

#include "relayd/diagnosis/host/root.h"
#include "relayd/diagnosis/hub/facts.h"

namespace tsmtp::diagnosis {

/// Fills that in. What relayd says must be known already.
void look_at_machine(const Root& root, HubFacts& facts);

/// The user's own group.
[[nodiscard]] gid_t group_of(const UserFact& user);

}  // namespace tsmtp::diagnosis
