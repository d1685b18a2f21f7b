#include "relayd/daemon/log_lines.h"

#include <algorithm>
#include <array>

namespace tsmtp::daemon {
namespace {

constexpr std::string_view kAnyText = "*";

// A gap at the start of a pattern: its name without the mark, and how long it is in the pattern.
struct Gap {
  std::string_view name;
  std::size_t length = 0;
  bool is_any_text = false;
};

Gap gap_at(std::string_view pattern) {
  const std::size_t end = pattern.find('}');
  std::string_view name = pattern.substr(1, end - 1);
  const bool is_any_text = name.ends_with(kAnyText);
  if (is_any_text) name.remove_suffix(kAnyText.size());
  return {.name = name, .length = end + 1, .is_any_text = is_any_text};
}

// The shortest text that lets the rest fit; patterns are few words long.
bool fits(std::string_view pattern, std::string_view line, MatchedLine& matched) {
  const std::size_t literal = std::min(pattern.find('{'), pattern.size());
  if (!line.starts_with(pattern.substr(0, literal))) return false;
  pattern.remove_prefix(literal);
  line.remove_prefix(literal);
  if (pattern.empty()) return line.empty();
  const Gap gap = gap_at(pattern);
  pattern.remove_prefix(gap.length);
  if (pattern.empty()) {
    if (!gap.is_any_text && line.find(' ') != std::string_view::npos) return false;
    matched.gaps.emplace_back(gap.name, line);
    return true;
  }
  const std::string_view next = pattern.substr(0, pattern.find('{'));
  for (std::size_t at = line.find(next); at != std::string_view::npos; at = line.find(next, at + 1)) {
    const std::string_view text = line.substr(0, at);
    if (!gap.is_any_text && text.find(' ') != std::string_view::npos) return false;
    const std::size_t before = matched.gaps.size();
    matched.gaps.emplace_back(gap.name, text);
    if (fits(pattern, line.substr(at), matched)) return true;
    matched.gaps.resize(before);
    if (next.empty()) return false;
  }
  return false;
}

}  // namespace

std::span<const LogPart> log_parts() {
  static const std::array<LogPart, 9> parts{{{"Mails and MTAs", lines_of_mail()},
                                             {"Links", lines_of_links()},
                                             {"The ledger", lines_of_ledger()},
                                             {"The ledger of several hubs", lines_of_site_ledger()},
                                             {"Keys", lines_of_keys()},
                                             {"Pairing", lines_of_pairing()},
                                             {"Forwards and services", lines_of_forwards()},
                                             {"What this machine lacks", lines_of_surroundings()},
                                             {"The process", lines_of_hub()}}};
  return parts;
}

MatchedLine match_line(std::string_view line) {
  MatchedLine matched;
  for (const LogPart& part : log_parts())
    for (const LogLine& row : part.lines) {
      if (fits(row.pattern, line, matched)) {
        matched.row = &row;
        return matched;
      }
      matched.gaps.clear();
    }
  return matched;
}

std::string shown_pattern(std::string_view pattern) {
  std::string out;
  while (!pattern.empty()) {
    const std::size_t literal = std::min(pattern.find('{'), pattern.size());
    out += pattern.substr(0, literal);
    pattern.remove_prefix(literal);
    if (pattern.empty()) break;
    const Gap gap = gap_at(pattern);
    for (const char c : gap.name)
      out.push_back(c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    pattern.remove_prefix(gap.length);
  }
  return out;
}

}  // namespace tsmtp::daemon
