// The user relayd runs as, and the directories it needs there. Called once, while there is only one thread.
#pragma once

#include <optional>
#include <string>

#include "relayd/base/result.h"
#include "relayd/net/io/with_rights_of.h"

namespace tsmtp::daemon {

using net::Owner;

/// The user of that name, with his own group.
[[nodiscard]] base::Result<Owner> look_up(const std::string& user);

/// Makes `path` and its missing parents; the last one gets `mode` and, if we are root and `user` is not
/// empty, that owner. A directory that exists stays as it is.
[[nodiscard]] base::Result<void> make_directory(const std::string& path, unsigned mode,
                                                const std::string& user);

/// The user and group that `user` is; nothing when it is empty.
[[nodiscard]] base::Result<std::optional<Owner>> owner_of(const std::string& user);

/// Gives what `descriptor` is to `user`, if we are root: nobody can have put another file in its place.
/// `what` names it.
[[nodiscard]] base::Result<void> give_to(int descriptor, const std::string& what, const std::string& user);

/// Makes an empty file at `path` with `mode` that belongs to `user`, as above, unless there is something
/// already. Safe in a directory of that user's.
[[nodiscard]] base::Result<void> make_file(const std::string& path, unsigned mode, const std::string& user);

/// Becomes `user`, groups included, for good; verifies that there is no way back. Without effect when `user`
/// is empty or who we are already.
[[nodiscard]] base::Result<void> drop_to(const std::string& user);

/// No core dumps, no debugger, and /proc/PID is root's: the private key is in memory. The kernel forgets it
/// with each change of user.
void keep_memory_secret();

/// As many descriptors as the hard limit allows: a session takes one, a transaction another.
void raise_descriptor_limit();

}  // namespace tsmtp::daemon
