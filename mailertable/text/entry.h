// A line of a mailertable that makes an entry, and where on the line its parts stand. Plain data between the
// parser, the checks and the writer; small, because there may be millions.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::mailertable {

/// One entry. The views point into the text that was parsed, or into Table::folded_keys; both must outlive
/// it. Columns count bytes from 1; a key always begins in column 1.
struct Entry {
  int line = 0;
  int value_column = 0;
  std::uint32_t file = 0;        ///< index into Table::files
  std::string_view written_key;  ///< as it stands in the file
  std::string_view key;          ///< as it is stored: A to Z folded
  std::string_view value;        ///< as it is stored: to the end of the line, trailing blanks and all
};

/// All entries of one or more texts, in their order.
struct Table {
  std::vector<std::string> files;  ///< the names for messages
  std::vector<Entry> entries;
  std::deque<std::string> folded_keys;  ///< of the entries whose written key has capitals
};

}  // namespace tsmtp::mailertable
