// What Berkeley DB says of an error, in the words of an administrator: no names of its macros, no pointers.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::ledger {

/// An error of Berkeley DB as one line: what it is, and what to do where that follows from it. Want of room
/// is always kNoRoom, whatever function it was found in. `message`: what Berkeley DB complained of (errcall),
/// may be empty.
[[nodiscard]] std::string plain_cause(int code, const std::string& message);

/// The words for a code of Berkeley DB's own, which are negative; empty: it is none that this version has.
[[nodiscard]] std::string_view words_for(int code);

}  // namespace tsmtp::ledger
