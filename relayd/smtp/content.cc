#include "relayd/smtp/content.h"

#include <algorithm>

namespace tsmtp::smtp {
namespace {

// The next CR at or behind `from`, or the end. `bare_lf`: an LF stands before it, which therefore has no CR.
std::size_t find_cr(std::string_view bytes, std::size_t from, bool& bare_lf) {
  const std::size_t cr = std::min(bytes.find('\r', from), bytes.size());
  if (bytes.substr(from, cr - from).find('\n') != std::string_view::npos) bare_lf = true;
  return cr;
}

}  // namespace

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
      case State::kText:
        at = find_cr(input, at, bare_line_end_);
        if (at < input.size()) {
          ++at;
          state_ = State::kCr;
        }
        break;
      case State::kCr:
        if (input[at] == '\n') {
          ++at;
          state_ = State::kLineStart;
        } else {
          bare_line_end_ = true;
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
        bare_line_end_ = true;
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
  std::size_t kept = 0;
  std::size_t at = 0;
  bool bare = false;
  while (at < content.size()) {
    switch (state_) {
      case State::kLineStart:
        if (content[at] == '.') {
          out += content.substr(kept, at - kept);
          out.push_back('.');
          kept = at;
        }
        state_ = State::kText;
        break;
      case State::kText:
        at = find_cr(content, at, bare);
        if (bare) {
          state_ = State::kBroken;
        } else if (at < content.size()) {
          ++at;
          state_ = State::kCr;
        }
        break;
      case State::kCr:
        state_ = content[at] == '\n' ? State::kLineStart : State::kBroken;
        ++at;
        break;
      case State::kBroken:
        return false;
    }
  }
  if (state_ == State::kBroken) return false;
  out += content.substr(kept);
  return true;
}

bool ContentEncoder::finish(std::string& out) {
  switch (state_) {
    case State::kLineStart:
      out += ".\r\n";
      return true;
    case State::kText:
      out += "\r\n.\r\n";
      return true;
    case State::kCr:
    case State::kBroken:
      break;
  }
  state_ = State::kBroken;
  return false;
}

}  // namespace tsmtp::smtp
