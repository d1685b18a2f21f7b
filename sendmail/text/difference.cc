#include "sendmail/text/difference.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace tsmtp::sendmail {
namespace {

constexpr std::size_t kContext = 3;
constexpr std::size_t kMaxCells = 4'000'000;  // of the table of common lines

using TextLines = std::vector<std::string_view>;

TextLines lines_of(std::string_view text) {
  TextLines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.push_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  return lines;
}

struct Edit {
  char sign = ' ';
  std::string_view line;
};

/// The middle parts, which differ in their first and last lines, as edits.
void add_middle(std::vector<Edit>& edits, const TextLines& before, const TextLines& after) {
  const std::size_t rows = before.size();
  const std::size_t columns = after.size();
  if (rows * columns > kMaxCells) {
    for (const std::string_view line : before)
      edits.push_back({'-', line});
    for (const std::string_view line : after)
      edits.push_back({'+', line});
    return;
  }
  // common[i][j]: the length of the common part of before[i..] and after[j..].
  std::vector<std::size_t> common((rows + 1) * (columns + 1), 0);
  const auto cell = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return common[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;)
      cell(i, j) = before[i] == after[j] ? cell(i + 1, j + 1) + 1 : std::max(cell(i + 1, j), cell(i, j + 1));
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && before[i] == after[j]) {
      edits.push_back({' ', before[i++]});
      ++j;
    } else if (i < rows && (j == columns || cell(i + 1, j) >= cell(i, j + 1))) {
      edits.push_back({'-', before[i++]});
    } else {
      edits.push_back({'+', after[j++]});
    }
  }
}

std::vector<Edit> edits_of(const TextLines& before, const TextLines& after) {
  const std::size_t shorter = std::min(before.size(), after.size());
  std::size_t head = 0;
  while (head < shorter && before[head] == after[head])
    ++head;
  std::size_t tail = 0;
  while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail])
    ++tail;
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < head; ++i)
    edits.push_back({' ', before[i]});
  const auto middle = [&](const TextLines& all) {
    return TextLines(all.begin() + static_cast<std::ptrdiff_t>(head),
                     all.end() - static_cast<std::ptrdiff_t>(tail));
  };
  add_middle(edits, middle(before), middle(after));
  for (std::size_t i = before.size() - tail; i < before.size(); ++i)
    edits.push_back({' ', before[i]});
  return edits;
}

/// The end of the hunk that begins with the change at `at`: behind the last change before a gap.
std::size_t hunk_end(const std::vector<Edit>& edits, std::size_t at) {
  std::size_t last = at;
  for (std::size_t i = at; i < edits.size() && i - last <= 2 * kContext; ++i) {
    if (edits[i].sign != ' ') last = i;
  }
  return std::min(last + 1 + kContext, edits.size());
}

}  // namespace

std::string difference(const std::string& name, std::string_view before, std::string_view after) {
  if (before == after) return "";
  const TextLines old_lines = lines_of(before);
  const TextLines new_lines = lines_of(after);
  const std::vector<Edit> edits = edits_of(old_lines, new_lines);
  std::string text = "--- " + name + "\n+++ " + name + "\n";
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  std::size_t shown = 0;
  const auto pass = [&](std::size_t to) {
    for (; shown < to; ++shown) {
      old_line += edits[shown].sign != '+' ? 1 : 0;
      new_line += edits[shown].sign != '-' ? 1 : 0;
    }
  };
  for (std::size_t at = 0; at < edits.size(); ++at) {
    if (edits[at].sign == ' ') continue;
    const std::size_t begin = at - std::min(at - shown, kContext);
    const std::size_t end = hunk_end(edits, at);
    pass(begin);
    const auto count = [&](char other) {
      return std::count_if(edits.begin() + static_cast<std::ptrdiff_t>(begin),
                           edits.begin() + static_cast<std::ptrdiff_t>(end),
                           [other](const Edit& edit) { return edit.sign != other; });
    };
    const auto olds = static_cast<std::size_t>(count('+'));
    const auto news = static_cast<std::size_t>(count('-'));
    text += "@@ -" + std::to_string(olds == 0 ? old_line - 1 : old_line) + ',' + std::to_string(olds) + " +" +
            std::to_string(news == 0 ? new_line - 1 : new_line) + ',' + std::to_string(news) + " @@\n";
    for (std::size_t i = begin; i < end; ++i) {
      text += edits[i].sign;
      text += edits[i].line;
      if (!edits[i].line.ends_with('\n')) text += "\n\\ No newline at end of file\n";
    }
    pass(end);
    at = end - 1;
  }
  return text;
}

}  // namespace tsmtp::sendmail
