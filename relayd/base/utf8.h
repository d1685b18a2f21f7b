// UTF-8 (RFC 3629), as far as a mail address needs it: whether bytes are text at all. What the text says is
// nobody's business here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tsmtp::base {

/// Whether any byte has its eighth bit set.
[[nodiscard]] bool has_eighth_bit(std::string_view bytes);

/// Whether `bytes` are well-formed UTF-8: shortest forms only, no surrogates, nothing over U+10FFFF. ASCII
/// is.
[[nodiscard]] bool is_utf8(std::string_view bytes);

/// The length of the character at the front of `bytes` (not empty); 0 where it is none, or one that a
/// terminal or a reader of lines would obey instead of showing: C0 and C1 controls (ECMA-48; NEL, CSI and
/// their like), line and paragraph separators, and marks that turn the direction of writing.
[[nodiscard]] std::size_t shown_length(std::string_view bytes);

/// `text` with '?' in the place of every byte of what shown_length() does not show. As long as before.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace tsmtp::base
