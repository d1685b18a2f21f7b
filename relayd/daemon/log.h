// Log lines to stderr or syslog, by spdlog. The facility is mail, where an administrator of MTAs looks.
#pragma once

#include <memory>

#include "relayd/base/log.h"
#include "relayd/config/config.h"

namespace tsmtp::daemon {

[[nodiscard]] std::unique_ptr<base::Logger> make_logger(config::LogTarget target);

}  // namespace tsmtp::daemon
