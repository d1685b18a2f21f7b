#include "relayd/forward/ftp/reply.h"

#include <utility>

namespace tsmtp::forward::ftp {
namespace {

constexpr std::size_t kCodeBytes = 3;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The three digits at the start of `line`, 0 if there are none.
int code_of(std::string_view line) {
  if (line.size() < kCodeBytes || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2])) return 0;
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

std::string_view ReplyLine::behind_code() const {
  return std::string_view(text).substr(std::min(text.size(), kCodeBytes + 1));
}

base::Result<ReplyLine> ReplyReader::judge(std::string line) {
  for (char& c : line)
    if (c == '\r' || c == '\0') c = ' ';
  const int code = code_of(line);
  const char behind = line.size() > kCodeBytes ? line[kCodeBytes] : ' ';
  if (open_code_ == 0) {
    if (code < 100 || code > 599 || (behind != ' ' && behind != '-'))
      return base::Error{"the server's reply has no code"};
    if (behind == '-') open_code_ = code;
    return ReplyLine{.code = code, .is_last = behind == ' ', .text = std::move(line)};
  }
  if (code == open_code_ && behind == ' ')
    return ReplyLine{.code = std::exchange(open_code_, 0), .is_last = true, .text = std::move(line)};
  const bool looks_like_another = code != 0 && code != open_code_ && (behind == ' ' || behind == '-');
  return ReplyLine{.code = open_code_, .text = (looks_like_another ? " " : "") + line};
}

base::Result<std::optional<ReplyLine>> ReplyReader::read(std::string_view& input) {
  auto line = lines_.read(input);
  if (!line) return line.error();
  if (!*line) return std::optional<ReplyLine>();
  if ((*line)->too_long) return base::Error{"the server's reply has a line that is too long"};
  auto judged = judge(std::move((*line)->text));
  if (!judged) return judged.error();
  return std::optional(std::move(*judged));
}

std::string reply(int code, std::string_view text) {
  return std::to_string(code) + ' ' + std::string(text) + "\r\n";
}

}  // namespace tsmtp::forward::ftp
