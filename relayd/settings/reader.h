// relayd.toml to Config, whole or not at all (P9). Everything that is wrong is said in one go, each with
// file:line:column and what was expected; nothing is ever guessed, and no exception leaves.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/diagnostic.h"
#include "relayd/settings/config.h"

namespace tsmtp::settings {

/// Reads the file at `path` and those that it includes, puts `overrides` ("hub.control=/tmp/c",
/// "site.birl.deliver=127.0.0.1:2525": the arguments of --set, later ones winning) over them and checks the
/// result. Errors and warnings go to
/// `diagnostics`; without an error of this call's own the Config is returned, warnings or not. Paths are
/// taken as written: whether the identity can be read, or an address bound, is found out by whoever does it.
[[nodiscard]] std::optional<Config> read(const std::string& path, const std::vector<std::string>& overrides,
                                         base::Diagnostics& diagnostics);

/// The same for a text at hand, which includes nothing; `file` is the name that its findings carry.
[[nodiscard]] std::optional<Config> read_text(std::string_view text, const std::string& file,
                                              const std::vector<std::string>& overrides,
                                              base::Diagnostics& diagnostics);

/// Where the relayd that was started with this file answers, though the file may have become wrong since:
/// relayd goes on with what it read before. The default where the file does not say.
[[nodiscard]] std::string control_socket(const std::string& path, const std::vector<std::string>& overrides);

}  // namespace tsmtp::settings
