// How findings are shown: for people, with the line and a caret; for editors, one a line; for programs, JSON.
#pragma once

#include <span>
#include <string>

#include "mailertable/checks/checks.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

enum class FindingsFormat {
  kText,  ///< "file:2:5: error: message", the line, a caret below the column; of one kind ten, and how many
          ///< more
  kGcc,   ///< the first of these lines only
  kJson,  ///< one object: findings, errors, warnings
};

/// All findings, each line with a line end behind it. The lines they are about come from `sources`.
[[nodiscard]] std::string findings_text(const base::Diagnostics& findings, std::span<const Source> sources,
                                        FindingsFormat format);

/// The line, or the part of it about `column` (from 1, 0 for none) that fits a screen, and a caret below the
/// column. Control characters and what is no UTF-8 are shown as '?'.
[[nodiscard]] std::string line_with_caret(std::string_view line, int column);

}  // namespace tsmtp::mailertable
