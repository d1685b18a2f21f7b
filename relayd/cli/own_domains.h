// The domains of this hub, from its machine's names, if neither relayd.toml nor the command says them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::cli {

/// Each domain, and the names below it.
[[nodiscard]] std::vector<std::string> with_names_below(const std::vector<std::string>& domains);

/// By the text of /etc/mailname, unless that is only the host's own name, or else by the qualified name of
/// the host: what follows its first dot, or the whole of one that has no other. Empty if neither says
/// anything.
[[nodiscard]] std::string own_domain(std::string_view mailname, std::string_view qualified_host);

/// Of this machine.
[[nodiscard]] std::string own_domain_of_this_host();

}  // namespace tsmtp::cli
