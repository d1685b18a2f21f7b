// Whether sendmail listens where relayd hands over mail from the sites.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sendmail/plan/hub_facts.h"

namespace tsmtp::sendmail {

/// A sentence for each place where the sendmail of `cf` does not listen, or only for clients that log in.
/// A place that `cf` does not tell, such as an address that is a name, is taken to be right.
[[nodiscard]] std::vector<std::string> unheard(std::string_view cf, const std::vector<Delivery>& deliveries);

}  // namespace tsmtp::sendmail
