// What follows "error:" in a value: a status or the name of one, and the text that the sender reads.
#pragma once

#include "mailertable/checks/entry_report.h"
#include "mailertable/text/route.h"

namespace tsmtp::mailertable {

/// Checks the rest of a route of the error mailer, which is not empty.
void check_error(const Route& route, EntryReport& report);

}  // namespace tsmtp::mailertable
