// The audit record of a mail that may come twice, written before it is let go, as one line of JSON beside
// those of mails. Its keys are a contract, documented in relayd.toml(5): they may be added to, never renamed.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/claims/possible_duplicate.h"

namespace tsmtp::control {

/// The line, without line end, in ASCII.
[[nodiscard]] std::string audit_record(const claims::PossibleDuplicate& mail, std::string_view hub,
                                       base::WallTime now);

/// The same as an entry of systemd's journal, in its native protocol.
[[nodiscard]] std::string journal_entry(const claims::PossibleDuplicate& mail, std::string_view hub,
                                        std::string_view record);

}  // namespace tsmtp::control
