// What can be wrong with a value. Above all that sendmail finds no mailer in it: it then takes the line for a
// miss and sends the mail out by plain SMTP, without a word.
#pragma once

#include "mailertable/checks/entry_report.h"
#include "mailertable/hub/mailers.h"

namespace tsmtp::mailertable {

/// Reports the mistakes of the entry's value.
void check_value(const Entry& entry, const Mailers& mailers, EntryReport& report);

}  // namespace tsmtp::mailertable
