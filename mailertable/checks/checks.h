// Everything that can be said of a table before it is built: each entry's key and value, what shows only when
// all are seen together, and what other files say otherwise.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "mailertable/files/progress.h"
#include "mailertable/hub/knowledge.h"
#include "mailertable/text/entry.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// A text and its name for messages.
struct Source {
  std::string name;
  std::string text;
};

/// A table read and checked. Findings are in the order of the files.
struct CheckedTable {
  Table table;  ///< points into the texts
  base::Diagnostics findings;
};

/// Parses and checks `sources` as one table; they must outlive the result, and not move.
/// `progress`, if there is one, is told how far it is.
[[nodiscard]] CheckedTable check_sources(std::span<const Source> sources, const Knowledge& knowledge,
                                         Progress* progress = nullptr);

}  // namespace tsmtp::mailertable
