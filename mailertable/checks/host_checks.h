// What can be wrong with the host of a mailer that speaks SMTP: `[127.0.5.2]`, `[birl.tsmtp]`, `hub.example`,
// `user@[host]`, or several hosts with colons between them.
#pragma once

#include "mailertable/checks/entry_report.h"
#include "mailertable/hub/mailers.h"
#include "mailertable/text/route.h"

namespace tsmtp::mailertable {

/// Reports the mistakes of `route.rest`, which is not empty.
void check_hosts(const Route& route, const Mailers& mailers, EntryReport& report);

}  // namespace tsmtp::mailertable
