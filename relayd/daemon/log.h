// Log lines to stderr or syslog, by spdlog. The facility is mail, where an administrator of MTAs looks. Never
// waits for a reader (log_queue.h).
#pragma once

#include <memory>

#include "relayd/base/log.h"
#include "relayd/daemon/later.h"
#include "relayd/settings/hub.h"

namespace tsmtp::daemon {

/// To stderr the lines that come until `later` runs go in one piece, unless one is more than information. A
/// process that is killed meanwhile takes them with it. Where stderr is systemd's journal, a line is
/// "<PRIORITY>TEXT" (sd-daemon(3)), for the journal has time and name of its own. Lines that the reader does
/// not take are tried again by `in_a_while`. Nothing that `later` was given may run after the logger is gone.
[[nodiscard]] std::unique_ptr<base::Logger> make_logger(settings::LogTarget target, Later later,
                                                        Later in_a_while = {});

}  // namespace tsmtp::daemon
