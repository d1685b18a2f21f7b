#include "sendmail/text/marked_block.h"

#include <optional>

namespace tsmtp::sendmail {
namespace {

constexpr std::string_view kBegin = "tsmtp-sendmail begin";
constexpr std::string_view kEnd = "tsmtp-sendmail end";
constexpr std::string_view kAdvice = ": made of relayd.toml; `tsmtp-sendmail off' takes it out";
constexpr std::string_view kDnlAdvice = ": made of relayd.toml; tsmtp-sendmail off takes it out";
// The line before the block had no line end, and is to have none again.
constexpr std::string_view kJoined = " (behind a line without end)";

std::string_view sign(Comment comment) {
  return comment == Comment::kDnl ? "dnl " : "# ";
}

bool is_marker(std::string_view line, Comment comment, std::string_view word) {
  const std::string_view begin = sign(comment);
  return line.starts_with(begin) && line.substr(begin.size()).starts_with(word);
}

/// A walk over lines, each with its line end.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    const std::size_t end = rest_.find('\n');
    const std::string_view line = rest_.substr(0, end == std::string_view::npos ? end : end + 1);
    rest_.remove_prefix(line.size());
    ++number_;
    return line;
  }
  [[nodiscard]] int number() const { return number_; }

 private:
  std::string_view rest_;
  int number_ = 0;
};

}  // namespace

std::string with_block(std::string_view text, std::size_t offset, std::string_view body, Comment comment) {
  if (body.empty()) return std::string(text);
  const bool joined = offset > 0 && text[offset - 1] != '\n';
  std::string made(text.substr(0, offset));
  if (joined) made += '\n';
  made += sign(comment);
  made += kBegin;
  made += comment == Comment::kDnl ? kDnlAdvice : kAdvice;
  if (joined) made += kJoined;
  made += '\n';
  made += body;
  if (body.back() != '\n') made += '\n';
  made += sign(comment);
  made += kEnd;
  made += '\n';
  made += text.substr(offset);
  return made;
}

base::Result<std::string> without_blocks(std::string_view text, Comment comment) {
  std::string rest;
  Lines lines(text);
  int begun = 0;           // the line where the block begins that is being left out
  bool is_joined = false;  // nothing has followed a block that stands behind a line without end
  while (const auto line = lines.next()) {
    if (is_marker(*line, comment, kBegin)) {
      if (begun > 0)
        return base::Error{"the block of line " + std::to_string(begun) + " has no end before line " +
                           std::to_string(lines.number())};
      begun = lines.number();
      is_joined = line->find(kJoined) != std::string_view::npos;
    } else if (is_marker(*line, comment, kEnd)) {
      if (begun == 0) return base::Error{"line " + std::to_string(lines.number()) + " ends no block"};
      begun = 0;
    } else if (begun == 0) {
      rest += *line;
      is_joined = false;
    }
  }
  if (is_joined && rest.ends_with('\n')) rest.pop_back();
  if (begun > 0) return base::Error{"the block of line " + std::to_string(begun) + " has no end"};
  return base::Result<std::string>(boost::system::in_place_value, std::move(rest));
}

std::string blocks_of(std::string_view text, Comment comment) {
  std::string within;
  Lines lines(text);
  bool inside = false;
  while (const auto line = lines.next()) {
    if (is_marker(*line, comment, kBegin) || is_marker(*line, comment, kEnd))
      inside = is_marker(*line, comment, kBegin);
    else if (inside)
      within += *line;
  }
  return within;
}

}  // namespace tsmtp::sendmail
