// What can be wrong with a key: that sendmail never looks it up, so that the line does nothing and the mail
// takes another way than its writer meant.
#pragma once

#include "mailertable/checks/entry_report.h"

namespace tsmtp::mailertable {

/// Reports the first mistake of the entry's key, if there is one.
void check_key(const Entry& entry, EntryReport& report);

}  // namespace tsmtp::mailertable
