// What the machine itself says where relayd.toml says nothing.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::settings {

/// A host name up to its first dot, of the characters that a name may have, at most 63 of them; "hub" where
/// none is left.
[[nodiscard]] std::string name_from_host(std::string_view host_name);

/// That of this machine's host name (gethostname(2)). No name server is asked.
[[nodiscard]] std::string name_of_this_host();

}  // namespace tsmtp::settings
