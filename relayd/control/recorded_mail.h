// A mail out of the audit record, for relayctl trace: what is left of one that relayd remembers no more.
#pragma once

#include <optional>
#include <string_view>

#include "relayd/mail/recent_mails.h"

namespace tsmtp::control {

/// `line`: as audit_record() makes it. Of its stages only those are known that the record has. Nothing: it is
/// no record of a mail.
[[nodiscard]] std::optional<mail::TracedMail> recorded_mail(std::string_view line);

}  // namespace tsmtp::control
