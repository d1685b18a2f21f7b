#include "tests/unit/mail/replies_document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace tsmtp::mail {
namespace {

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(' '));
  return text.erase(text.find_last_not_of(' ') + 1);
}

}  // namespace

std::vector<std::string> cells_of(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::string part;
  for (const char c : text + at) {
    if (c != at)
      part += c;
    else if (parts.emplace_back(trimmed(part)), true)
      part.clear();
  }
  return parts;
}

std::vector<ReplyRow> read_replies_document() {
  std::ifstream document(TSMTP_REPLIES);
  EXPECT_TRUE(document) << TSMTP_REPLIES;
  std::vector<ReplyRow> rows;
  std::string section, table;
  bool in_table = false;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("## ")) section = line.substr(3);
    const bool was_in_table = std::exchange(in_table, line.starts_with("| "));
    if (!in_table && !line.starts_with("|--")) continue;
    if (line.starts_with("|--") && (in_table = true)) continue;
    auto cells = cells_of(line.substr(1, line.rfind('|') - 1), '|');
    cells.resize(std::max<std::size_t>(cells.size(), 4));
    if (!was_in_table) {
      table = cells[0] == "situation" ? section : cells[0];
    } else if (table == "LMTP") {
      rows.push_back({table, cells[0], cells_of(cells[1], ';'), {}, cells_of(cells[2], ';')});
    } else {
      rows.push_back(
          {table, cells[0], cells_of(cells[1], ';'), cells_of(cells[2], ';'), cells_of(cells[3], ';')});
    }
  }
  return rows;
}

}  // namespace tsmtp::mail
