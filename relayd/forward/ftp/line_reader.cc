#include "relayd/forward/ftp/line_reader.h"

#include <algorithm>
#include <utility>

namespace tsmtp::forward::ftp {

base::Result<void> LineReader::skip(std::string_view& input) {
  const std::size_t end = input.find('\n');
  const std::size_t taken = end == std::string_view::npos ? input.size() : end + 1;
  skipped_bytes_ += taken;
  input.remove_prefix(taken);
  if (skipped_bytes_ > kMaxSkippedBytes) return base::Error{"a line of the control connection has no end"};
  if (end != std::string_view::npos) skipped_bytes_ = 0;
  return {};
}

base::Result<std::optional<Line>> LineReader::read(std::string_view& input) {
  while (skipped_bytes_ != 0 && !input.empty())
    if (auto skipped = skip(input); !skipped) return skipped.error();
  const std::size_t end = input.find('\n');
  const std::size_t taken = end == std::string_view::npos ? input.size() : end;
  if (line_.size() + taken > kMaxLineBytes + 1) {            // one more for a CR
    const std::size_t now = std::min(taken, kMaxLineBytes);  // the rest is counted by the next call
    skipped_bytes_ = std::exchange(line_, {}).size() + now;
    input.remove_prefix(now);
    return std::optional(Line{.text = {}, .too_long = true});
  }
  line_ += input.substr(0, taken);
  input.remove_prefix(taken);
  if (end == std::string_view::npos) return std::optional<Line>();
  input.remove_prefix(1);
  if (line_.ends_with('\r')) line_.pop_back();
  return std::optional(Line{.text = std::exchange(line_, {})});
}

}  // namespace tsmtp::forward::ftp
