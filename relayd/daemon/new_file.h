// Files that are there whole or not at all: each is written aside under another name, synced, then given its
// name, and that synced too. They belong to the process's user: relayd has become hub.user by then.
#pragma once

#include <string>

#include "relayd/base/result.h"

namespace tsmtp::daemon {

/// Takes the place of a file that is there.
[[nodiscard]] base::Result<void> replace_file(const std::string& path, const std::string& text,
                                              unsigned mode);

/// Refuses if there is one.
[[nodiscard]] base::Result<void> make_new_file(const std::string& path, const std::string& text,
                                               unsigned mode);

/// Takes it away again, for good.
void remove_file(const std::string& path);

}  // namespace tsmtp::daemon
