// Everything that can be said of a table before it is built: each entry's key and value, and what shows only
// when all are seen together.
#pragma once

#include <string>
#include <string_view>

#include "mailertable/entry.h"
#include "mailertable/mailers.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// A table read and checked. Findings are in the order of the file.
struct CheckedTable {
  Table table;  ///< points into the text
  base::Diagnostics findings;
};

/// Parses and checks `text`, which must outlive the result. `file` is the name for messages.
[[nodiscard]] CheckedTable check_text(std::string_view text, std::string file, const Mailers& mailers);

}  // namespace tsmtp::mailertable
