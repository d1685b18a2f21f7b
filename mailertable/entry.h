// A line of a mailertable that makes an entry, and where on the line its parts stand. Plain data between the
// parser, the checks and the writer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::mailertable {

/// One entry. The views point into the text that was parsed, which must outlive it. Columns count bytes from
/// 1; a key always begins in column 1.
struct Entry {
  int line = 0;
  int value_column = 0;
  std::string_view written_key;  ///< as it stands in the file
  std::string key;               ///< as it is stored: A to Z folded
  std::string_view value;        ///< as it is stored: to the end of the line, trailing blanks and all
};

/// All entries of one text, in its order.
struct Table {
  std::string file;  ///< the name for messages
  std::vector<Entry> entries;
};

}  // namespace tsmtp::mailertable
