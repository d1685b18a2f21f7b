// What a check says of a text, as lines to compare: "table:2:5: error: ...".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mailertable/checks.h"

namespace tsmtp::mailertable {

inline std::vector<std::string> findings(std::string_view text, const Mailers& mailers = {}) {
  std::vector<std::string> lines;
  const CheckedTable checked = check_text(text, "table", mailers);
  for (const auto& one : checked.findings.all())
    lines.push_back(base::to_string(one));
  return lines;
}

}  // namespace tsmtp::mailertable
