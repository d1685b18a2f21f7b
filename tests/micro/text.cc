#include "tests/micro/micro.h"

namespace tsmtp::micro {

std::string text_of(std::size_t lines, std::size_t dot_in, std::string_view line_end) {
  std::string out;
  unsigned state = 1;
  for (std::size_t line = 0; line < lines; ++line) {
    state = state * 1103515245U + 12345U;
    if (line % dot_in == 0) out += '.';
    out.append((state >> 16) % 77, 'x');
    out += line_end;
  }
  return out;
}

void copy_lines(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end == std::string_view::npos ? end : end + 1);
    out += line;
    text.remove_prefix(line.size());
  }
}

}  // namespace tsmtp::micro
