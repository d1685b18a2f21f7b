// The lines of the log (log_lines.h): mails, and the MTAs at both ends.
#include <array>

#include "relayd/daemon/log_lines.h"

namespace tsmtp::daemon {

std::span<const LogLine> lines_of_mail() {
  static constexpr std::array<LogLine, 12> kLines{{
      {.kind = "mail",
       .levels = "info, warning",
       .pattern = "{direction} {site} {transaction}: from=<{sender*}> to={recipients*} size={bytes} "
                  "reply=\"{reply*}\" took={took}ms",
       .meaning = "A mail has ended. `out`: to the site, `in`: from it; the same identifier on both hubs. A "
                  "warning: REPLY is 4yz or 5yz. `to=-`: it ended before a recipient was accepted",
       .remedy = "what REPLY says: [replies.md](replies.md)"},
      {.kind = "mail-asked-again",
       .levels = "info",
       .pattern = "{site}: the outcome of a mail that was delivered before was asked for, and told",
       .meaning = "the far MTA's reply had been lost on the way; the mail came once",
       .remedy = ""},
      {.kind = "mail-ended-by-us",
       .levels = "warning",
       .pattern = "{site}: a mail from there was ended: {cause*}",
       .meaning = "the site's relayd sent what it may not, or the far end gave up",
       .remedy = "if it recurs: the versions at both ends"},
      {.kind = "mail-doubt-delivered",
       .levels = "info",
       .pattern = "{site}: the mail in doubt {transaction} was delivered, its relayd says; should our MTA "
                  "try it again, it will be told",
       .meaning = "the far hub was asked in the background",
       .remedy = ""},
      {.kind = "mail-doubt-not-delivered",
       .levels = "info",
       .pattern = "{site}: the mail in doubt {transaction} was not delivered, its relayd says; our MTA may "
                  "try it again",
       .meaning = "the same",
       .remedy = ""},
      {.kind = "mail-foreign-domain",
       .levels = "warning",
       .pattern = "{site}: the MTA of hub {far} does not know {domain} as its own, though \"local\" for site "
                  "{near} there has it: {advice*}",
       .meaning = "sendmail there says \"Relaying denied\" to a recipient that `local` there has",
       .remedy = "on FAR: DOMAIN into `/etc/mail/local-host-names`, or `relay-domains` if it hands the mail "
                 "on; restart sendmail"},
      {.kind = "session-refused",
       .levels = "warning",
       .pattern = "{site}: session refused: {reply*}",
       .meaning = "our MTA, or another program, came to the endpoint while it could not be served",
       .remedy = "what REPLY says: [replies.md](replies.md)"},
      {.kind = "mta-away",
       .levels = "warning",
       .pattern = "{site}: our MTA cannot be reached for mail from this site: {cause*}",
       .meaning = "the MTA on this hub (`deliver`) is down; mail from the site waits there",
       .remedy = "start it"},
      {.kind = "mta-back",
       .levels = "info",
       .pattern = "{site}: our MTA can be reached again for mail from this site",
       .meaning = "the end of that",
       .remedy = ""},
      {.kind = "mta-helo",
       .levels = "warning",
       .pattern = "{site}: our MTA refuses the HELO name \"{helo*}\" of a client there ({reply*}): its mail "
                  "is handed over as {name*}",
       .meaning = "nothing is lost",
       .remedy = "the client's MTA there should say a proper host name"},
      {.kind = "far-mta-away",
       .levels = "warning",
       .pattern = "{site}: its MTA cannot be reached: {cause*}",
       .meaning = "the MTA of the other hub is down; mail for it waits in our MTA's queue",
       .remedy = "start it there"},
      {.kind = "far-mta-back",
       .levels = "info",
       .pattern = "{site}: its MTA can be reached again",
       .meaning = "the end of that",
       .remedy = ""},
  }};
  return kLines;
}

}  // namespace tsmtp::daemon
