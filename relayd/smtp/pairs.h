// Looks for two bytes that stand behind each other: line ends that are none, dots that begin a line.
#pragma once

#include <cstddef>
#include <string_view>

namespace tsmtp::smtp {

/// Where, from `at` on, an LF has a dot behind it; npos where none has.
[[nodiscard]] std::size_t find_dot_behind_lf(std::string_view text, std::size_t at);

/// Whether a CR has something else than an LF behind it, or an LF something else than a CR before it. The
/// first and the last byte have only one neighbour here.
[[nodiscard]] bool has_bare_line_end(std::string_view text);

}  // namespace tsmtp::smtp
