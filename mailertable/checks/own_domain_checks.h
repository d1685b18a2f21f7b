// Whether sendmail takes mail for what relayd.toml says may come from a site: if it does not, the first mail
// from there bounces.
#pragma once

#include "mailertable/hub/sendmail_cf.h"
#include "mailertable/hub/sites.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// Warns of each domain of a site's `local` that sendmail neither has for its own nor relays for. A wildcard
/// says nothing: which names below a domain are mailboxes here is not known.
void check_own_domains(const Sites& sites, const SendmailCf& cf, base::Diagnostics& findings);

}  // namespace tsmtp::mailertable
