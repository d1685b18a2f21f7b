// The addresses that a trial is for: `tsmtp-sendmail on --only anna@birl.example`.
#pragma once

#include <string>
#include <vector>

#include "sendmail/plan/hub_facts.h"
#include "sendmail/plan/mc_plan.h"

namespace tsmtp::sendmail {

/// Where each address goes. One that is none, or belongs to no site, is said in `findings`.
[[nodiscard]] std::vector<McWish::Route> only_routes(const std::vector<std::string>& addresses,
                                                     const std::vector<SiteFacts>& sites,
                                                     std::vector<std::string>& findings);

}  // namespace tsmtp::sendmail
