// The addresses of names, and this host's own.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/diagnosis/host/root.h"

namespace tsmtp::diagnosis {

using AddressesByName = std::map<std::string, base::Result<std::vector<std::string>>>;

/// Asks for all at once, and blocks for `patience` at most. Of another root, /etc/hosts alone is asked.
[[nodiscard]] AddressesByName addresses_of(const Root& root, const std::vector<std::string>& names,
                                           std::chrono::milliseconds patience);

/// Those of the interfaces.
[[nodiscard]] std::vector<std::string> own_addresses();

}  // namespace tsmtp::diagnosis
