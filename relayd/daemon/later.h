// Something to be done by the event loop, not now.
#pragma once

#include <functional>

namespace tsmtp::daemon {

/// Runs a task on the event loop, later: when what is going on now has been dealt with, or after a while, as
/// the one who hands it out says.
using Later = std::function<void(std::function<void()>)>;

}  // namespace tsmtp::daemon
