#include "relayd/smtp/content.h"

#include "relayd/smtp/pairs.h"

namespace tsmtp::smtp {

// Bytes are copied in runs as long as nothing is to be left out: [kept, at) is read and not yet appended.
bool ContentDecoder::decode(std::string_view& input, std::string& out) {
  std::size_t kept = 0;
  std::size_t at = 0;
  while (at < input.size()) {
    switch (state_) {
      case State::kLineStart:
        if (input[at] == '.') {
          out += input.substr(kept, at - kept);
          kept = ++at;
          state_ = State::kDot;
        } else {
          state_ = State::kText;
        }
        break;
      case State::kText: {
        const std::size_t lf = find_dot_behind_lf(input, at);
        const std::string_view text = input.substr(at, lf == std::string_view::npos ? lf : lf + 1 - at);
        if (text.ends_with("\r\n")) state_ = State::kLineStart;
        if (text.ends_with('\r')) state_ = State::kCr;
        at += text.size();
        break;
      }
      case State::kCr:
        if (input[at] == '\n') {
          ++at;
          state_ = State::kLineStart;
        } else {
          state_ = State::kText;
        }
        break;
      case State::kDot:
        if (input[at] == '\r') {
          kept = ++at;  // belongs to the end of content, if LF follows
          state_ = State::kDotCr;
        } else {
          state_ = State::kText;
        }
        break;
      case State::kDotCr:
        if (input[at] == '\n') {
          input.remove_prefix(at + 1);
          state_ = State::kLineStart;
          return true;
        }
        out.push_back('\r');
        state_ = State::kText;
        break;
    }
  }
  out += input.substr(kept);
  input = {};
  return false;
}

bool ContentEncoder::encode(std::string_view content, std::string& out) {
  const bool begins_a_line = line_ends_.at_line_start();
  line_ends_.look_at(content);
  if (line_ends_.found_bare()) return false;
  if (begins_a_line && content.starts_with('.')) out.push_back('.');
  std::size_t kept = 0;
  for (;;) {
    const std::size_t lf = find_dot_behind_lf(content, kept);
    if (lf == std::string_view::npos) break;
    out += content.substr(kept, lf + 1 - kept);
    out.push_back('.');
    kept = lf + 1;
  }
  out += content.substr(kept);
  return true;
}

bool ContentEncoder::finish(std::string& out) {
  line_ends_.finish();
  if (line_ends_.found_bare()) return false;
  out += line_ends_.at_line_start() ? ".\r\n" : "\r\n.\r\n";
  return true;
}

}  // namespace tsmtp::smtp
