// A line of the log as systemd's journal takes it: with fields of its own, which the table of lines
// (log_lines.h) finds in it.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::daemon {

/// `priority`: of syslog(3). `hub`: this one. `line`: one line, escaped. The entry is lines of NAME=VALUE.
///
/// Always MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, SYSLOG_FACILITY and TSMTP_HUB. A line that has a row in the
/// table has TSMTP_KIND and MESSAGE_ID too, the same for all lines of the row, and each gap as TSMTP_ and its
/// name. TSMTP_SITE is the site alone: one of its hubs is TSMTP_SITE_HUB. TSMTP_QUEUE_ID is how the far MTA
/// calls the mail.
[[nodiscard]] std::string log_entry(int priority, std::string_view hub, std::string_view line);

/// 32 hexadecimal digits, made from the kind, so that they stay when the table changes.
[[nodiscard]] std::string message_id(std::string_view kind);

/// As sendmail, Postfix, Exim and OpenSMTPD write it in the reply to the end of content; empty: it is not
/// there.
[[nodiscard]] std::string_view queue_id_in(std::string_view reply);

}  // namespace tsmtp::daemon
