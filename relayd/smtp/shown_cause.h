// What of a reply reaches its reader: sendmail's `mailq -v` shows 100 characters of "Deferred: REPLY", and
// what follows is seen in logs only. So a cause comes before the address it is about; and what others said,
// which may be of any length, leaves room for what relayd has to say behind it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tsmtp::smtp {

/// As much of a reply is shown, code included.
inline constexpr std::size_t kShownReplyBytes = 90;

/// `cause`, which may end in ", ADDRESS", in what of kShownReplyBytes is left beside so many `other` bytes:
/// the address goes first, then the end of the cause, which then ends in "...". Of the cause at least the
/// first 40 bytes stay, whatever else there is.
[[nodiscard]] std::string shown_cause(std::string_view cause, std::size_t other);

}  // namespace tsmtp::smtp
