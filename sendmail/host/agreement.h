// Before the first change: sendmail.cf and the databases must be what their texts say, or making them of the
// texts would lose what somebody has put into them alone.
#pragma once

#include <string>
#include <vector>

#include "sendmail/plan/plan.h"

namespace tsmtp::sendmail {

/// A sentence for each file that holds more than its text; none: all can be made anew. `texts` are those
/// without our blocks.
[[nodiscard]] std::vector<std::string> disagreements(const Plan& plan, const Texts& texts,
                                                     const Places& places);

/// What of `cf` is not in `made`, the sendmail.cf that m4 makes now: its first such line. Comments do not
/// count.
[[nodiscard]] std::string first_edit(std::string_view cf, std::string_view made);

/// A key that the database with the content `bytes` has, and `text` has not; empty if there is none.
[[nodiscard]] std::string lost_key(std::string_view bytes, std::string_view text);

}  // namespace tsmtp::sendmail
