#include "mailertable/parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

bool is_blank(char c) {
  return kBlanks.find(c) != std::string_view::npos;
}

/// One line on its way to being an entry.
class LineReader {
 public:
  LineReader(std::string_view text, base::Location start, base::Diagnostics& findings)
      : text_(text), start_(std::move(start)), findings_(findings) {}

  std::optional<Entry> read() {
    // A line of CR alone is an empty line of a file from elsewhere.
    if (text_.empty() || text_ == "\r" || text_.front() == '#') return std::nullopt;
    if (const auto nul = text_.find('\0'); nul != std::string_view::npos) {
      error(nul, "NUL byte: makemap would skip this line; is this a text file?");
      return std::nullopt;
    }
    if (text_.size() > kMaxLineBytes) {
      error(kMaxLineBytes, "line longer than " + std::to_string(kMaxLineBytes) +
                               " bytes: makemap would drop its beginning and read the rest as another line");
      return std::nullopt;
    }
    if (is_blank(text_.front())) {
      explain_leading_blank();
      return std::nullopt;
    }
    return split();
  }

 private:
  void explain_leading_blank() {
    const std::size_t first = text_.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) {
      warning(0, "line of blanks only: makemap complains of it; leave the line empty");
    } else if (text_[first] == '#') {
      error(first, "a comment begins in the first column; remove the blanks before the '#'");
    } else {
      error(0, "blank before the key: makemap would skip this line; begin \"" +
                   base::escaped(text_.substr(first), 40) + "\" in the first column");
    }
  }

  std::optional<Entry> split() {
    const std::size_t key_end = std::min(text_.find_first_of(kBlanks), text_.size());
    const std::string_view key = text_.substr(0, key_end);
    const std::size_t value_begin = text_.find_first_not_of(kBlanks, key_end);
    if (value_begin == std::string_view::npos) {
      error(key_end, "no value for the key \"" + base::escaped(key, 80) +
                         "\": write a blank and the route behind it, such as tsmtp:[127.0.5.2]");
      return std::nullopt;
    }
    return Entry{start_.line, static_cast<int>(value_begin) + 1, key, base::ascii_lower(key),
                 text_.substr(value_begin)};
  }

  void error(std::size_t offset, std::string message) { findings_.error(at(offset), std::move(message)); }
  void warning(std::size_t offset, std::string message) { findings_.warning(at(offset), std::move(message)); }
  [[nodiscard]] base::Location at(std::size_t offset) const {
    return {start_.file, start_.line, static_cast<int>(offset) + 1};
  }

  std::string_view text_;
  base::Location start_;
  base::Diagnostics& findings_;
};

}  // namespace

Table parse(std::string_view text, std::string file, base::Diagnostics& findings) {
  Table table{std::move(file), {}};
  int line = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    ++line;
    if (auto entry = LineReader(text.substr(0, end), {table.file, line, 1}, findings).read())
      table.entries.push_back(*std::move(entry));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return table;
}

}  // namespace tsmtp::mailertable
