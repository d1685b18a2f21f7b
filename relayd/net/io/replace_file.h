// A file is replaced whole or not at all, also when the power fails: written aside, synced, renamed, and the
// directory synced.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::net {

/// `path` holds `content` with mode 0600 when it returns, or after an error what it held before. Blocks.
[[nodiscard]] base::Result<void> replace_file(const std::string& path, std::string_view content);

}  // namespace tsmtp::net
