// hub.state_dir at the start: there, and with all that relayd keeps in it the property of hub.user, whoever
// made or took it meanwhile (a service manager, an administrator, a relayd without hub.user). Must never
// touch what is not relayd's: state_dir may have been mistyped.
#pragma once

#include <string>

#include "relayd/base/result.h"

namespace tsmtp::daemon {

/// Makes `dir` (0700) and its missing parents, and gives it to `user` with the files that relayd keeps there,
/// if we are root and `user` is not empty. A directory that belongs to somebody else and holds other files is
/// an error. Ownership is changed through descriptors only: who owns the directory cannot point us elsewhere.
[[nodiscard]] base::Result<void> make_state_directory(const std::string& dir, const std::string& user);

}  // namespace tsmtp::daemon
