// The audit record of a connection of a program to a service, as one line of JSON, beside those of mails. Its
// keys are a contract, documented in relayd.toml(5): they may be added to, never renamed. Envelope and
// outcome, never content (P8).
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/forward/summary.h"

namespace tsmtp::control {

/// The line, without line end, in ASCII. Any bytes in any string are survived; what is no UTF-8 becomes
/// U+FFFD. `now` is when the connection ended.
[[nodiscard]] std::string audit_record(const forward::Summary& summary, std::string_view hub,
                                       base::WallTime now);

/// The same as an entry of systemd's journal, in its native protocol: `record` is the message, what one
/// searches by are fields TSMTP_*.
[[nodiscard]] std::string journal_entry(const forward::Summary& summary, std::string_view hub,
                                        std::string_view record);

}  // namespace tsmtp::control
