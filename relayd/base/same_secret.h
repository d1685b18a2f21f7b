// Whether two secrets are the same, in a time that does not tell where they differ.
#pragma once

#include <string_view>

namespace tsmtp::base {

/// The time depends on the lengths only, which are no secret.
[[nodiscard]] bool is_same_secret(std::string_view a, std::string_view b);

}  // namespace tsmtp::base
