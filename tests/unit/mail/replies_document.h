// The tables of docs/replies.md that begin with a situation, row by row.
#pragma once

#include <string>
#include <vector>

namespace tsmtp::mail {

/// A row; of a cell with several parts each by itself.
struct ReplyRow {
  std::string table;  ///< the heading, or the first cell of the table's head where a section has several
  std::string situation;
  std::vector<std::string> told_at, codes, sources;
};

/// Of the table for LMTP the second column is told_at, and there are no codes.
[[nodiscard]] std::vector<ReplyRow> read_replies_document();

/// "a, b" at ',' as "a" and "b", without the blanks around them.
[[nodiscard]] std::vector<std::string> cells_of(const std::string& text, char at);

}  // namespace tsmtp::mail
