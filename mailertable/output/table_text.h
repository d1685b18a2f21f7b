// A stored table as the text that builds it again.
#pragma once

#include <string>
#include <vector>

#include "mailertable/database/table_reader.h"

namespace tsmtp::mailertable {

struct TableText {
  std::string text;                    ///< a line for each pair, "key\tvalue"
  std::vector<std::string> unsayable;  ///< pairs that no line can make, and why
  bool has_nuls = false;               ///< made by makemap -N: a NUL behind keys and values, not in the text
};

/// `pairs` in their order.
[[nodiscard]] TableText table_text(const std::vector<StoredPair>& pairs);

}  // namespace tsmtp::mailertable
