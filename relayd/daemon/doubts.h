// What `relayctl doubts` and `relayctl forget` ask of the ledger.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/log.h"
#include "relayd/control/doubts.h"
#include "relayd/net/ledger/transaction_ledger.h"

namespace tsmtp::daemon {

[[nodiscard]] control::MailsInDoubt mails_in_doubt(const net::TransactionLedger& ledger, base::WallTime now);

/// Forgets the one mail in doubt whose ID begins with `id`, in any case of letters. Returns the whole reply
/// for the control socket: an error with EX_DATAERR where there is none or more than one, with EX_TEMPFAIL
/// where it is being tried again just now.
[[nodiscard]] std::string forget_mail(net::TransactionLedger& ledger, base::Logger& log, std::string_view id);

}  // namespace tsmtp::daemon
