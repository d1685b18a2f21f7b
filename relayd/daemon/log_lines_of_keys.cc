// The lines of the log (log_lines.h): keys of this hub and of its sites.
#include <array>

#include "relayd/daemon/log_lines.h"

namespace tsmtp::daemon {

std::span<const LogLine> lines_of_keys() {
  static constexpr std::array<LogLine, 11> kLines{{
      {.kind = "key-rotated",
       .levels = "info",
       .pattern = "our key is {pin} now, signed by the one before, {before}",
       .meaning = "`relayctl rotate`, or `rotate_every`",
       .remedy = "back up `rotated.pem` in `state_dir`"},
      {.kind = "key-replaced",
       .levels = "warning",
       .pattern = "our key was compromised, and is replaced by {pin}, to which no step leads from {before}: "
                  "every site has to pair again",
       .meaning = "`relayctl rotate --compromised`",
       .remedy = "pair again with every site"},
      {.kind = "key-not-rotated",
       .levels = "error",
       .pattern = "our key is not rotated: {cause*}",
       .meaning = "the key is the one of before",
       .remedy = "often a full disk"},
      {.kind = "key-not-rotated-by-itself",
       .levels = "warning",
       .pattern = "hub.rotate_every: our key is not rotated: {cause*}; it is tried again in a day, or by "
                  "relayctl rotate --yes",
       .meaning = "sites would be left behind",
       .remedy = "upgrade or remove the sites that CAUSE names"},
      {.kind = "key-retired",
       .levels = "info",
       .pattern = "our earlier key {pin} is retired: {cause*}",
       .meaning = "it is shown to nobody any more",
       .remedy = ""},
      {.kind = "key-confirmed",
       .levels = "info",
       .pattern = "{site}: has confirmed our key {pin}",
       .meaning = "the site knows the new key",
       .remedy = ""},
      {.kind = "site-key-followed",
       .levels = "info",
       .pattern = "{site}: has a new key, which its earlier one has signed: {pin}",
       .meaning = "the site has rotated its key",
       .remedy = "the new pin may be written into its entry"},
      {.kind = "site-key-revoked",
       .levels = "warning",
       .pattern = "{site*}: key revoked by relayctl: {pin}",
       .meaning = "an administrator said `relayctl revoke`; its link is closed for good",
       .remedy = ""},
      {.kind = "key-book-not-written",
       .levels = "error",
       .pattern = "the book of keys is not written: {cause*}",
       .meaning = "what is known of keys holds until relayd ends; it is tried again every second",
       .remedy = "make room, or mend the disk"},
      {.kind = "key-book-not-read",
       .levels = "error",
       .pattern = "the book of keys cannot be read again: {cause*}",
       .meaning = "at an upgrade: the other relayd of this hub has changed it; what was known of keys holds",
       .remedy = "what CAUSE says, then restart relayd"},
      {.kind = "key-book-written",
       .levels = "info",
       .pattern = "the book of keys is written now",
       .meaning = "the end of that",
       .remedy = ""},
  }};
  return kLines;
}

}  // namespace tsmtp::daemon
