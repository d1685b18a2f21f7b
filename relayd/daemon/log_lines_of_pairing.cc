// The lines of the log (log_lines.h): invitations and joining.
#include <array>

#include "relayd/daemon/log_lines.h"

namespace tsmtp::daemon {

std::span<const LogLine> lines_of_pairing() {
  static constexpr std::array<LogLine, 12> kLines{{
      {.kind = "invited",
       .levels = "info",
       .pattern = "relayctl: hub {invited*} is invited, until {time}",
       .meaning = "`relayctl invite`",
       .remedy = ""},
      {.kind = "invitation-withdrawn",
       .levels = "info",
       .pattern = "relayctl: the invitation of {site} is withdrawn{what*}",
       .meaning = "`relayctl uninvite`",
       .remedy = ""},
      {.kind = "invitation-ended",
       .levels = "warning",
       .pattern = "the invitation of {site} has ended: {tries} wrong secrets, the last of them from {peer*}",
       .meaning = "somebody guesses, or mistypes",
       .remedy = "invite again; if you know nothing of the tries, look at who reaches the port"},
      {.kind = "pairing-refused",
       .levels = "warning",
       .pattern = "pairing with {peer*} refused: {cause*}",
       .meaning = "no invitation fits, or the secret was wrong",
       .remedy = ""},
      {.kind = "pairing-broken",
       .levels = "warning",
       .pattern = "pairing with {peer*}: {cause*}",
       .meaning = "a hub would join, and its site could not be made here",
       .remedy = "what CAUSE says; the other hub may join again"},
      {.kind = "pairing-malformed",
       .levels = "warning",
       .pattern = "{address}: pairing: {cause*}",
       .meaning = "what came is no message of a hub that pairs",
       .remedy = "if it comes often, look at who reaches the port"},
      {.kind = "pairing-failed",
       .levels = "warning",
       .pattern = "invitation {site}, taken up by hub {peer*}: {cause*}",
       .meaning = "its site cannot be made here yet; it is tried again",
       .remedy = "what CAUSE says"},
      {.kind = "pairing-taken-up",
       .levels = "info",
       .pattern = "invitation {site} is taken up by hub {peer*}; words: {words*}",
       .meaning = "the other hub has joined",
       .remedy = "compare the four words with its administrator"},
      {.kind = "site-made",
       .levels = "info",
       .pattern = "{what*} is made after an invitation: {path*}",
       .meaning = "the site's file is written, and in force",
       .remedy = ""},
      {.kind = "joined",
       .levels = "info",
       .pattern = "relayctl: joined hub {peer*}, as {what*}: {path*}",
       .meaning = "`relayctl join`",
       .remedy = ""},
      {.kind = "invitations-aside",
       .levels = "error",
       .pattern =
           "{path*}: {cause*}; it is put aside as {aside*}, and the invitations that were out are of no use",
       .meaning = "the file is damaged",
       .remedy = "invite again"},
      {.kind = "invitations-unread",
       .levels = "error",
       .pattern = "{path*}: cannot be read: {cause*}; the invitations that are out are of no use",
       .meaning = "the file is not relayd's user's, or the disk fails",
       .remedy = "repair CAUSE, restart relayd"},
  }};
  return kLines;
}

}  // namespace tsmtp::daemon
