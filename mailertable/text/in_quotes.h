// Words of a table as findings quote them.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {

/// `text` in double quotes, escaped and not too long for a line.
[[nodiscard]] inline std::string in_quotes(std::string_view text) {
  return '"' + base::escaped(text, 80) + '"';
}

}  // namespace tsmtp::mailertable
