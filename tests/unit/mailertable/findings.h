// What a check says of a text, as lines to compare: "table:2:5: error: ...".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mailertable/checks/checks.h"

namespace tsmtp::mailertable {

inline std::vector<std::string> findings(std::string_view text, const Knowledge& knowledge) {
  std::vector<std::string> lines;
  const std::vector<Source> sources{{"table", std::string(text)}};
  const CheckedTable checked = check_sources(sources, knowledge);
  for (const auto& one : checked.findings.all())
    lines.push_back(base::to_string(one));
  return lines;
}

inline std::vector<std::string> findings(std::string_view text, const Mailers& mailers = {}) {
  return findings(text, Knowledge{mailers, {}, {}});
}

}  // namespace tsmtp::mailertable
