// What this hub knows of its own claims in etcd: from the mails under way, the ledger, and the books that
// earlier relayds left.
#pragma once

#include <string>

#include "relayd/claims/keys.h"
#include "relayd/claims/question.h"
#include "relayd/net/shared_by_sites.h"

namespace tsmtp::net {

/// `memory`: this hub's (ledger/memory_name.h). That a mail was not delivered is said only where nothing of
/// what was known can have been lost since.
[[nodiscard]] claims::OwnEnd own_end(const SharedBySites& shared, const std::string& memory,
                                     const claims::Name& name, const claims::Claim& claim);

}  // namespace tsmtp::net
