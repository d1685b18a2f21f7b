// Reads mailertable text as sendmail's makemap reads it, and says what makemap would skip, cut or misread.
// Knows lines, keys and values; their meaning is the business of the checks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mailertable/text/entry.h"
#include "relayd/base/diagnostic.h"

namespace tsmtp::mailertable {

/// The longest line without its line end that makemap reads whole (measured with 8.17.1).
inline constexpr std::size_t kMaxLineBytes = 1022;

/// What separates key and value, and may trail: makemap's isspace(3) in the C locale, but for the line feed.
inline constexpr std::string_view kBlanks = " \t\v\f\r";

/// Adds the entries of `text`, which they point into, to `table`. `file` is the name for messages. A line
/// with an error makes no entry; the others are still read, so that one run finds all mistakes.
void parse_into(Table& table, std::string_view text, std::string file, base::Diagnostics& findings);

/// The same, for a table of one text.
[[nodiscard]] Table parse(std::string_view text, std::string file, base::Diagnostics& findings);

}  // namespace tsmtp::mailertable
