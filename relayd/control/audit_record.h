// The audit record of a mail: one transaction as one line of JSON. Its keys are a contract, documented in
// relayd.toml(5): they may be added to, never renamed. Envelope and outcome, never content (P8).
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/mail/summary.h"

namespace tsmtp::control {

/// The line, without line end, in ASCII. Any bytes in any string are survived; what is no UTF-8 becomes
/// U+FFFD. `now` is when the transaction ended.
[[nodiscard]] std::string audit_record(const mail::Summary& summary, std::string_view hub,
                                       base::WallTime now);

/// The same as an entry of systemd's journal, in its native protocol: `record` is the message, what one
/// searches by are fields TSMTP_*.
[[nodiscard]] std::string journal_entry(const mail::Summary& summary, std::string_view hub,
                                        std::string_view record);

}  // namespace tsmtp::control
