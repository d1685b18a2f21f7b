// The addresses that a trial is for: `tsmtp-sendmail on --only anna@birl.example`.
#pragma once

#include <string>
#include <vector>

#include "sendmail/plan/hub_facts.h"
#include "sendmail/plan/mc_plan.h"

namespace tsmtp::sendmail {

/// The route of each address. `findings` names those that are no address or belong to no site.
[[nodiscard]] std::vector<McWish::Route> only_routes(const std::vector<std::string>& addresses,
                                                     const std::vector<SiteFacts>& sites,
                                                     std::vector<std::string>& findings);

}  // namespace tsmtp::sendmail
