#include "mailertable/output/text_layout.h"

#include <algorithm>
#include <vector>

#include "mailertable/text/parser.h"
#include "mailertable/text/route.h"

namespace tsmtp::mailertable {
namespace {

/// A key longer than this does not push away the values of its neighbours.
constexpr std::size_t kWidestKey = 40;

/// One line; without a value it is copied.
struct Line {
  std::string_view text;
  std::string_view key;
  std::string_view value;
};

Line line_of(std::string_view text) {
  Line line{text, {}, {}};
  base::Diagnostics ignored;
  const Table table = parse(text, "", ignored);
  if (table.entries.empty() || !ignored.all().empty()) return line;
  line.key = table.entries.front().written_key;
  line.value = without_trailing_blanks(table.entries.front().value);
  return line;
}

void put_run(const std::vector<Line>& run, std::string& out) {
  std::size_t width = 0;
  for (const Line& line : run)
    width = std::max(width, line.key.size() <= kWidestKey ? line.key.size() : 0);
  for (const Line& line : run) {
    const std::size_t gap = line.key.size() < width ? width - line.key.size() + 2 : 2;
    const bool fits = line.key.size() + gap + line.value.size() <= kMaxLineBytes;
    out += std::string(line.key) + std::string(fits ? gap : 1, ' ') + std::string(line.value) + '\n';
  }
}

}  // namespace

std::string laid_out(std::string_view text) {
  std::string out;
  std::vector<Line> run;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const Line line = line_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.value.empty()) {
      run.push_back(line);
      continue;
    }
    put_run(run, out);
    run.clear();
    out += std::string(line.text) + '\n';
  }
  put_run(run, out);
  return out;
}

}  // namespace tsmtp::mailertable
