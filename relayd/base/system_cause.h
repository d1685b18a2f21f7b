// What the system says of an error (errno), and what to do about it.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::base {

/// "No space left on device (make room there)": the system's words, and in parentheses what to do, where that
/// follows from the error alone. For texts that go to an administrator, not into a reply: those are short.
[[nodiscard]] std::string system_cause(int error);

/// What to do; empty: it does not follow from the error alone.
[[nodiscard]] std::string_view remedy_of(int error);

}  // namespace tsmtp::base
