// The words from which the phrases of `relayctl status` are made: times, amounts, lists. Printable ASCII
// only, if what is handed in is not shown as it is but escaped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "relayd/base/clock.h"

namespace tsmtp::control {

/// "3 h 12 min".
[[nodiscard]] std::string span_since(base::WallTime then, base::WallTime now);
/// "since 08:51:04 (3 h 12 min)".
[[nodiscard]] std::string since(base::WallTime then, base::WallTime now);
/// "1.2 MiB", "512 bytes".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// "1 mail", "2 mails".
[[nodiscard]] std::string mails_text(std::uint64_t count);
/// With commas between them, escaped.
[[nodiscard]] std::string list_text(const std::vector<std::string>& parts);

}  // namespace tsmtp::control
