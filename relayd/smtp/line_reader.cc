#include "relayd/smtp/line_reader.h"

#include <utility>

namespace tsmtp::smtp {
namespace {

// `line` ends with LF.
Line judge(std::string line) {
  if (line.find('\0') != std::string::npos) return {Line::Kind::kNul, {}};
  const std::size_t cr = line.find('\r');
  if (cr == std::string::npos || cr != line.size() - 2) return {Line::Kind::kBareLineEnd, {}};
  line.resize(line.size() - 2);
  return {Line::Kind::kGood, std::move(line)};
}

}  // namespace

std::optional<Line> LineReader::read(std::string_view& input) {
  const std::size_t end = input.find('\n');
  const std::size_t taken = end == std::string_view::npos ? input.size() : end + 1;
  if (too_long_ || line_.size() + taken > max_line_bytes_) {
    too_long_ = true;
    std::string().swap(line_);
  } else {
    line_ += input.substr(0, taken);
  }
  input.remove_prefix(taken);
  if (end == std::string_view::npos) return std::nullopt;
  if (std::exchange(too_long_, false)) return Line{Line::Kind::kTooLong, {}};
  return judge(std::exchange(line_, {}));
}

}  // namespace tsmtp::smtp
