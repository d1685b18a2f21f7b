// Every line that relayd and the holder of its endpoints log, in one table: its kind, what it looks like,
// what it means and what to do. The journal's fields (log_entry.h) and the tables of docs/operations.md are
// made of it. A row must not be needed for a line to be written.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tsmtp::daemon {

struct LogLine {
  std::string_view kind;    ///< its name for programs, which stays: link-up
  std::string_view levels;  ///< "info", or several: "info, warning"
  /// Text and gaps. {site} is a word without blanks, {cause*} any text; either may be empty.
  std::string_view pattern;
  std::string_view meaning;  ///< Markdown, short
  std::string_view remedy;   ///< the same; empty: there is nothing to do
};

struct LogPart {
  std::string_view title;
  std::span<const LogLine> lines;
};

/// In the order in which a line is looked for: the first row that fits is its own.
[[nodiscard]] std::span<const LogPart> log_parts();

struct MatchedLine {
  const LogLine* row = nullptr;  ///< null: no row fits
  /// What stood in the gaps, by their names: views into the line and the table.
  std::vector<std::pair<std::string_view, std::string_view>> gaps;
};

[[nodiscard]] MatchedLine match_line(std::string_view line);

/// The pattern for people: gaps as words in capitals.
[[nodiscard]] std::string shown_pattern(std::string_view pattern);

// The parts, each in a file of its own.
[[nodiscard]] std::span<const LogLine> lines_of_mail();
[[nodiscard]] std::span<const LogLine> lines_of_links();
[[nodiscard]] std::span<const LogLine> lines_of_ledger();
[[nodiscard]] std::span<const LogLine> lines_of_site_ledger();
[[nodiscard]] std::span<const LogLine> lines_of_keys();
[[nodiscard]] std::span<const LogLine> lines_of_pairing();
[[nodiscard]] std::span<const LogLine> lines_of_forwards();
[[nodiscard]] std::span<const LogLine> lines_of_surroundings();
[[nodiscard]] std::span<const LogLine> lines_of_hub();

}  // namespace tsmtp::daemon
