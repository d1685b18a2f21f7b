// The process from which this one has taken over at an upgrade, and what that one still has, in words.
#pragma once

#include <string>

#include "relayd/base/clock.h"
#include "relayd/control/status.h"

namespace tsmtp::control {

/// For `relayctl status`, without line end: a line, and one more for each mail and connection that is known.
[[nodiscard]] std::string predecessor_text(const PredecessorStatus& before, base::WallTime now);
/// Why the next upgrade has to wait, for whoever has asked for it; one line without line end.
[[nodiscard]] std::string predecessor_objection(const PredecessorStatus& before, base::WallTime now);

}  // namespace tsmtp::control
