// What an MTA said to the end of content, where no session was left to read it: the relayd that had asked was
// killed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "relayd/mail/record.h"

namespace tsmtp::mail {

/// The outcome of a transaction by the reply's bytes as they came: known, or unknown where the MTA refused or
/// did not speak SMTP, for then it took nothing. Nothing while the reply is not complete. Of one that is
/// `cut` the first line decides (all have the same code, RFC 5321 section 4.2.1). `refused`: as in Outcome.
[[nodiscard]] std::optional<Outcome> outcome_of(std::string_view reply, bool is_cut,
                                                std::vector<std::uint16_t> refused);

}  // namespace tsmtp::mail
