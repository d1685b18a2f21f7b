// UTF-8 (RFC 3629), as far as a mail address needs it: whether bytes are text at all. What the text says is
// nobody's business here.
#pragma once

#include <string_view>

namespace tsmtp::base {

/// Whether any byte has its eighth bit set.
[[nodiscard]] bool has_eighth_bit(std::string_view bytes);

/// Whether `bytes` are well-formed UTF-8: shortest forms only, no surrogates, nothing over U+10FFFF. ASCII
/// is.
[[nodiscard]] bool is_utf8(std::string_view bytes);

}  // namespace tsmtp::base
