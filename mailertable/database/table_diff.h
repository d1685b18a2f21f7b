// What differs between two tables.
#pragma once

#include <string>
#include <vector>

#include "mailertable/database/table_reader.h"

namespace tsmtp::mailertable {

enum class ChangeKind { kRemoved, kAdded, kChanged };

struct Change {
  ChangeKind kind = ChangeKind::kAdded;
  std::string key;
  std::vector<std::string> before;  ///< values; several in a table with duplicates
  std::vector<std::string> after;
};

/// Both sorted by key. Changes are in that order.
[[nodiscard]] std::vector<Change> changes_between(const std::vector<StoredPair>& before,
                                                  const std::vector<StoredPair>& after);

/// "-key\tvalue\n" for each value that went and "+key\tvalue\n" for each that came, escaped.
[[nodiscard]] std::string to_text(const Change& change);

}  // namespace tsmtp::mailertable
