#include "relayd/smtp/line_ends.h"

#include <algorithm>

namespace tsmtp::smtp {

void LineEndCheck::look_at(std::string_view piece) {
  if (piece.empty() || found_bare_) return;
  std::size_t at = 0;
  if (last_ == '\r') {
    found_bare_ = piece.front() != '\n';
    at = 1;
  } else if (piece.front() == '\n') {
    found_bare_ = true;
  }
  while (!found_bare_ && at < piece.size()) {
    const std::size_t cr = std::min(piece.find('\r', at), piece.size());
    const bool lf_before = piece.substr(at, cr - at).find('\n') != std::string_view::npos;
    const bool lf_behind = cr + 1 >= piece.size() || piece[cr + 1] == '\n';
    found_bare_ = lf_before || !lf_behind;
    at = cr + 2;
  }
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
