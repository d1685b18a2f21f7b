// Files that are no mailertable, given as one: each of their lines would be a mistake, so that is said once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tsmtp::mailertable {

/// What `text` looks like instead, and what to do: "this looks like an access map (...)"; nothing if it may
/// be a mailertable.
[[nodiscard]] std::optional<std::string> looks_like_another_kind(std::string_view text);

}  // namespace tsmtp::mailertable
