#include "relayd/smtp/line_ends.h"

#include <algorithm>
#include <utility>

#include "relayd/smtp/pairs.h"

namespace tsmtp::smtp {

// All is well where an LF stands behind each CR, and nowhere else.
void LineEndCheck::look_at(std::string_view piece) {
  if (piece.empty() || found_bare_) return;
  found_bare_ = (last_ == '\r') != (piece.front() == '\n') || has_bare_line_end(piece);
  last_ = piece.back();
}

void LineEndCheck::finish() {
  if (last_ == '\r') found_bare_ = true;
}

std::string CanonicalLineEnds::convert(std::string_view piece) {
  if (piece.empty()) return {};
  if (std::exchange(after_cr_, false) && piece.starts_with('\n')) piece.remove_prefix(1);
  std::string out;
  out.reserve(piece.size() + piece.size() / 32);
  // The next of each, not sought anew before it is passed: content may have one kind only.
  std::size_t cr = std::min(piece.find('\r'), piece.size());
  std::size_t lf = std::min(piece.find('\n'), piece.size());
  for (std::size_t at = 0; at < piece.size();) {
    const std::size_t end = std::min(cr, lf);
    out += piece.substr(at, end - at);
    if (end == piece.size()) break;
    out += "\r\n";
    at = end + (cr + 1 == lf ? 2 : 1);
    after_cr_ = cr + 1 == piece.size();
    if (cr < at) cr = std::min(piece.find('\r', at), piece.size());
    if (lf < at) lf = std::min(piece.find('\n', at), piece.size());
  }
  return out;
}

}  // namespace tsmtp::smtp
