// What `relayctl claims` and `relayctl resolve` ask of the site's ledger.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/log.h"
#include "relayd/net/ledger/claim_review.h"

namespace tsmtp::daemon {

/// The whole reply for the control socket. Called once, later.
using ClaimsReply = std::function<void(const std::string&)>;

void list_claims(net::ClaimReview& review, bool as_json, const ClaimsReply& reply);

/// `asked`: "ID delivered" or "ID resend". The ID is as much of one as is unique among the claims whose hub
/// is away or cannot tell; or a whole one that nobody has claimed, of whichever of `sites`. `user` is named
/// in the log.
void resolve_claim(net::ClaimReview& review, const std::vector<std::string>& sites, base::Logger& log,
                   std::string_view asked, const std::string& user, const ClaimsReply& reply);

}  // namespace tsmtp::daemon
