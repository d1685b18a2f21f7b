// Why a process was ended by SIGABRT. There is no core to look at, for it would hold the private key: the
// last words say who did it, since when the event loop had stood still, and where. systemd's watchdog ends a
// process so.
#pragma once

namespace tsmtp::daemon {

/// From now on SIGABRT writes these words to standard error and then ends the process, as it does without.
void report_aborts();

/// The event loop turns. To be called as often as the watchdog is told so.
void note_turn();

}  // namespace tsmtp::daemon
