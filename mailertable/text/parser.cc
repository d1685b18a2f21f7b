#include "mailertable/text/parser.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r' && c != '\n');
}

bool has_capitals(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// One line on its way to being an entry.
class LineReader {
 public:
  LineReader(std::string_view text, const std::string& file, int line, base::Diagnostics& findings)
      : text_(text), file_(file), line_(line), findings_(findings) {}

  /// The entry, with its key as it is written.
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
    const auto* const key_end = std::find_if(text_.begin(), text_.end(), is_blank);
    const auto* const value_begin = std::find_if_not(key_end, text_.end(), is_blank);
    const std::string_view key(text_.begin(), key_end);
    if (value_begin == text_.end()) {
      error(key.size(), "no value for the key \"" + base::escaped(key, 80) +
                            "\": write a blank and the route behind it, such as tsmtp:[127.0.5.2]");
      return std::nullopt;
    }
    Entry entry;
    entry.line = line_;
    entry.value_column = static_cast<int>(value_begin - text_.begin()) + 1;
    entry.written_key = entry.key = key;
    entry.value = {value_begin, text_.end()};
    return entry;
  }

  void error(std::size_t offset, std::string message) { findings_.error(at(offset), std::move(message)); }
  void warning(std::size_t offset, std::string message) { findings_.warning(at(offset), std::move(message)); }
  [[nodiscard]] base::Location at(std::size_t offset) const {
    return {file_, line_, static_cast<int>(offset) + 1};
  }

  std::string_view text_;
  const std::string& file_;
  int line_;
  base::Diagnostics& findings_;
};

}  // namespace

void parse_into(Table& table, std::string_view text, std::string file, base::Diagnostics& findings) {
  const auto file_index = static_cast<std::uint32_t>(table.files.size());
  table.files.push_back(std::move(file));
  table.entries.reserve(table.entries.size() +
                        static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  int line = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    ++line;
    if (auto entry = LineReader(text.substr(0, end), table.files.back(), line, findings).read()) {
      entry->file = file_index;
      if (has_capitals(entry->key))
        entry->key = table.folded_keys.emplace_back(base::ascii_lower(entry->key));
      table.entries.push_back(*entry);
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Table parse(std::string_view text, std::string file, base::Diagnostics& findings) {
  Table table;
  parse_into(table, text, std::move(file), findings);
  return table;
}

}  // namespace tsmtp::mailertable
