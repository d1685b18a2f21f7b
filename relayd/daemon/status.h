// A site's state as `relayctl status` shows it.
#pragma once

#include "relayd/control/status.h"
#include "relayd/daemon/rotation.h"
#include "relayd/net/site.h"

namespace tsmtp::daemon {

[[nodiscard]] control::LedgerStatus ledger_status(const net::TransactionLedger& ledger);
/// `shared` may be null.
[[nodiscard]] std::optional<control::SharingStatus> sharing_status(const net::SharedDoubts* shared,
                                                                   const ledger::Doubts& doubts);

/// All but its doubts.
[[nodiscard]] control::SiteStatus site_status(const net::Site& site, bool draining);
void show_doubts(std::vector<control::SiteStatus>& sites, const ledger::Doubts& doubts);

/// How our key stands with the site, and by which it is known.
void show_keys(control::SiteStatus& status, const net::Site& site, const keys::Book& book,
               const Rotation& rotation);

}  // namespace tsmtp::daemon
