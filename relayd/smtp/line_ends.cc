#include "relayd/smtp/line_ends.h"

#include "relayd/smtp/pairs.h"

namespace tsmtp::smtp {

// All is well where an LF stands behind each CR, and nowhere else.
void LineEndCheck::look_at(std::string_view piece) {
  if (piece.empty() || found_bare_) return;
  const auto is_bare = [](char before, char behind) { return (before == '\r') != (behind == '\n'); };
  found_bare_ = is_bare(last_, piece.front()) || find_pair(piece, 0, is_bare) != std::string_view::npos;
  last_ = piece.back();
}

void LineEndCheck::finish() {
  if (last_ == '\r') found_bare_ = true;
}

std::string CanonicalLineEnds::convert(std::string_view piece) {
  std::string out;
  out.reserve(piece.size() + piece.size() / 32);
  while (!piece.empty()) {
    if (after_cr_ && piece.front() == '\n') piece.remove_prefix(1);
    after_cr_ = false;
    const std::size_t end = piece.find_first_of("\r\n");
    out += piece.substr(0, end);
    if (end == std::string_view::npos) break;
    out += "\r\n";
    after_cr_ = piece[end] == '\r';
    piece.remove_prefix(end + 1);
  }
  return out;
}

}  // namespace tsmtp::smtp
