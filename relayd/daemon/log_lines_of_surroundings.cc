// The lines of the log (log_lines.h): what others, or this machine, keep us from.
#include <array>

#include "relayd/daemon/log_lines.h"

namespace tsmtp::daemon {

std::span<const LogLine> lines_of_surroundings() {
  static constexpr std::array<LogLine, 7> kLines{{
      {.kind = "more-like-this",
       .levels = "info, warning, error",
       .pattern = "{count} more like this in the last {time*}, the last: {line*}",
       .meaning = "so many lines of one kind and site were not written",
       .remedy = "what the last one says; often a program that tries again at once"},
      {.kind = "log-lost",
       .levels = "warning",
       .pattern = "{count} log lines lost: they came faster than they were read",
       .meaning = "the reader of standard error, syslogd or journald had stopped reading; mail went on",
       .remedy = "look at that program, or at its disk"},
      {.kind = "no-descriptors",
       .levels = "error",
       .pattern = "{what*}: this hub is out of file descriptors ({cause*})",
       .meaning = "clients are told 421 one by one meanwhile; relayctl and links are served on a descriptor "
                  "that is kept",
       .remedy = "raise `LimitNOFILE`"},
      {.kind = "no-descriptors-here",
       .levels = "error",
       .pattern = "{what*}: this machine is out of file descriptors ({cause*})",
       .meaning = "the same",
       .remedy = "raise `fs.file-max`, or find who has them"},
      {.kind = "no-memory-for-mail",
       .levels = "error",
       .pattern = "this hub is out of memory: mails are put off until there is some",
       .meaning = "an allocation failed, and got what is kept for that; mails that are under way go on",
       .remedy = "more memory (`MemoryMax`, `ulimit -v`), or less to `max_sessions`"},
      {.kind = "memory-again",
       .levels = "info",
       .pattern = "there is memory again: mails are taken",
       .meaning = "the end of that",
       .remedy = ""},
      {.kind = "no-memory",
       .levels = "error",
       .pattern = "{what*}: this hub is out of memory ({cause*})",
       .meaning = "the client was not accepted, and may come again",
       .remedy = "more memory (`MemoryMax`, `ulimit -v`)"},
  }};
  return kLines;
}

}  // namespace tsmtp::daemon
