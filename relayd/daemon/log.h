// Log lines to stderr or syslog, by spdlog. The facility is mail, where an administrator of MTAs looks.
#pragma once

#include <functional>
#include <memory>

#include "relayd/base/log.h"
#include "relayd/config/config.h"

namespace tsmtp::daemon {

/// Runs something once what is going on now has been dealt with.
using Later = std::function<void(std::function<void()>)>;

/// To stderr the lines that come until `later` runs go in one piece, unless one is more than information. A
/// process that is killed meanwhile takes them with it. What `later` was given must not run after the logger
/// is gone.
[[nodiscard]] std::unique_ptr<base::Logger> make_logger(config::LogTarget target, Later later);

}  // namespace tsmtp::daemon
