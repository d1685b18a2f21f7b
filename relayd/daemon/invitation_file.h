// The invitations on the disk, in state_dir: written aside, synced and renamed, so that a crash leaves the
// old ones or the new.
#pragma once

#include <string>

#include "relayd/base/log.h"
#include "relayd/base/result.h"
#include "relayd/pairing/invitations.h"

namespace tsmtp::daemon {

/// The invitations of DIR/invitations; none if there is no such file. A file that cannot be read is put
/// aside, with a word in the log: relayd starts all the same.
[[nodiscard]] pairing::Invitations load_invitations(const std::string& dir, base::Logger& log);

[[nodiscard]] base::Result<void> save_invitations(const std::string& dir, const pairing::Invitations& all);

}  // namespace tsmtp::daemon
