// The proof of a plan: the questions to sendmail's address test mode, and whether its answers are those that
// the plan expects. host/ runs sendmail itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sendmail/plan/plan.h"

namespace tsmtp::sendmail {

/// The input of `sendmail -bt`.
[[nodiscard]] std::string questions_of(const Plan& plan);

/// One sentence for each answer that is not as it should be; none: the plan is proved.
[[nodiscard]] std::vector<std::string> contradictions(const Plan& plan, std::string_view answers);

}  // namespace tsmtp::sendmail
