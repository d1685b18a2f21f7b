// The lines of the log (log_lines.h): what the hubs of a site share in etcd.
#include <array>

#include "relayd/daemon/log_lines.h"

namespace tsmtp::daemon {

std::span<const LogLine> lines_of_site_ledger() {
  static constexpr std::array<LogLine, 17> kLines{{
      {.kind = "etcd-away",
       .levels = "error",
       .pattern = "ledger: {cause*}; mail is put off",
       .meaning = "etcd does not answer, or does not take what it is told",
       .remedy = "what CAUSE says: [hubs.md](hubs.md)"},
      {.kind = "etcd-away-alone",
       .levels = "error",
       .pattern = "ledger: {cause*}; mail goes on with this hub's own ledger",
       .meaning = "the same, with `on_engine_loss = \"local\"`",
       .remedy = "what CAUSE says: [hubs.md](hubs.md)"},
      {.kind = "etcd-back",
       .levels = "info",
       .pattern = "ledger: etcd at {address*} answers again; it could not be asked since {since*}",
       .meaning = "the end of that",
       .remedy = ""},
      {.kind = "etcd-watch",
       .levels = "debug",
       .pattern = "etcd: the watch at {address*} ended: it {cause*}",
       .meaning = "it is begun again by itself",
       .remedy = ""},
      {.kind = "doubts-not-shared",
       .levels = "error",
       .pattern = "doubts cannot be shared with our site's other hubs: {cause*}; mails {then*}",
       .meaning = "etcd could not be reached. Said once",
       .remedy = "what CAUSE says"},
      {.kind = "doubts-shared",
       .levels = "info",
       .pattern = "doubts are shared with our site's other hubs again, which they were not since {since*}",
       .meaning = "the end of that",
       .remedy = ""},
      {.kind = "digest-key-taken",
       .levels = "info",
       .pattern = "the key of digests is that of our site's other hubs from now on, as etcd has it{what*}",
       .meaning =
           "with `share_doubts`, when this hub first reaches etcd; or somebody has changed the key there",
       .remedy = "if nobody should have: look at who may write in etcd"},
      {.kind = "hub-there",
       .levels = "info",
       .pattern = "ledger: hub {other} of our site is there",
       .meaning = "it is known in etcd",
       .remedy = ""},
      {.kind = "hub-away",
       .levels = "warning",
       .pattern = "ledger: hub {other} of our site is away",
       .meaning = "it was stopped, or lost etcd",
       .remedy = "look at its relayd"},
      {.kind = "hub-namesake",
       .levels = "warning",
       .pattern = "ledger: a hub that is called {other} is in etcd already; {what*}",
       .meaning = "two hubs have one name, or this one was restarted a moment ago",
       .remedy = "another `hub.name` on one of them, if it stays"},
      {.kind = "hub-disagrees",
       .levels = "warning",
       .pattern =
           "ledger: hub {other} of our site has on_engine_loss = \"{theirs}\", and this one \"{ours}\"; "
           "{what*}",
       .meaning = "a mail can come twice while etcd is away",
       .remedy = "the same on all hubs of the site"},
      {.kind = "claim-without-etcd",
       .levels = "warning",
       .pattern = "{site}: mail {transaction}: goes on without etcd: {cause*}",
       .meaning = "`on_engine_loss = \"local\"`: it may come twice if this hub is lost with it",
       .remedy = ""},
      {.kind = "claim-given-up",
       .levels = "warning",
       .pattern = "{site}: mail {transaction}: was delivered here, after another hub or an administrator "
                  "gave it up; it may come twice",
       .meaning = "the other hub had waited long enough",
       .remedy = ""},
      {.kind = "claim-resent",
       .levels = "warning",
       .pattern =
           "{site}: mail {transaction}: hub {other*} took it and is lost; it is delivered anew, and may "
           "come twice",
       .meaning = "`on_lost_hub = \"resend\"`",
       .remedy = ""},
      {.kind = "claim-twice",
       .levels = "warning",
       .pattern = "{site}: mail {transaction}: our MTA had taken it before hub {other*} let it be delivered "
                  "anew; it came twice",
       .meaning = "the hub that was lost is back and knows",
       .remedy = ""},
      {.kind = "claim-unknown",
       .levels = "warning",
       .pattern = "{site}: mail {transaction}: whether our MTA took it before this hub went down is not "
                  "known; it waits, see relayctl claims",
       .meaning = "it was killed together with its witness",
       .remedy = "`relayctl claims`, the MTA's log, `relayctl resolve`"},
      {.kind = "claim-resolved",
       .levels = "warning",
       .pattern = "{user*}: mail {transaction} from {site} counts as {decision*}: {what*}",
       .meaning = "an administrator said `relayctl resolve`",
       .remedy = ""},
  }};
  return kLines;
}

}  // namespace tsmtp::daemon
