// The proof of a plan: what sendmail's address test mode is asked, and whether its answers are those that the
// plan expects. sendmail itself is run by host/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sendmail/plan/plan.h"

namespace tsmtp::sendmail {

/// What `sendmail -bt` is to read.
[[nodiscard]] std::string questions_of(const Plan& plan);

/// One sentence for each answer that is not as it should be; none: the plan is proved.
[[nodiscard]] std::vector<std::string> contradictions(const Plan& plan, std::string_view answers);

}  // namespace tsmtp::sendmail
