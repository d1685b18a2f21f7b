#include "relayd/daemon/doubts.h"

#include <sysexits.h>

#include "relayd/base/bytes.h"
#include "relayd/control/request.h"

namespace tsmtp::daemon {
namespace {

std::string recipients_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " recipient" : " recipients");
}

}  // namespace

control::MailsInDoubt mails_in_doubt(const net::TransactionLedger& ledger, base::WallTime now) {
  control::MailsInDoubt out{.now = now, .mails = {}};
  for (const ledger::MailInDoubt& mail : ledger.mails_in_doubt()) {
    out.mails.push_back({.id = base::hex(mail.transaction),
                         .site = mail.site,
                         .far_hub = mail.far_hub,
                         .since = mail.recorded,
                         .forgotten = mail.recorded + net::TransactionLedger::kDoubtAge,
                         .recipients = mail.recipients,
                         .user = {},
                         .client_address = mail.client.address,
                         .hub = mail.hub,
                         .is_tried_again = mail.is_claimed,
                         .is_known = mail.is_known});
    if (mail.client.user != ledger::Client::kNoUser) out.mails.back().user = mail.client.user;
  }
  return out;
}

std::string forget_mail(net::TransactionLedger& ledger, base::Logger& log, std::string_view id) {
  const std::string wanted = base::ascii_lower(id);
  const ledger::MailInDoubt* found = nullptr;
  const auto mails = ledger.mails_in_doubt();
  for (const ledger::MailInDoubt& mail : mails) {
    if (wanted.empty() || !base::hex(mail.transaction).starts_with(wanted)) continue;
    if (found)
      return control::reply_error("more than one mail in doubt has an ID that begins with " + wanted +
                                      "; give more digits, relayctl doubts --json shows them all",
                                  EX_DATAERR);
    found = &mail;
  }
  if (!found)
    return control::reply_error("no mail in doubt has an ID that begins with \"" + base::escaped(id) +
                                    "\"; relayctl doubts lists them",
                                EX_DATAERR);
  const std::string shown = base::hex(found->transaction).substr(0, control::kShownIdDigits);
  if (found->is_claimed)
    return control::reply_error(
        "mail " + shown + " for " + found->site +
            " is being tried again just now, which will settle it; nothing is forgotten, "
            "look at relayctl doubts in a minute",
        EX_TEMPFAIL);
  ledger.settle_doubt(found->transaction);
  const std::string what =
      "mail " + shown + " for " + found->site + " (" + recipients_text(found->recipients) + ") is forgotten";
  log.log(base::LogLevel::kInfo, "relayctl: " + what + ": if it is tried again, it may be delivered twice");
  return control::reply_ok(what + ": if the MTA tries it again, it may be delivered twice\n");
}

}  // namespace tsmtp::daemon
