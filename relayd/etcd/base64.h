// Keys and values as the gateway's JSON has them (RFC 4648 section 4, with padding).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tsmtp::etcd {

[[nodiscard]] std::string to_base64(std::string_view bytes);
/// Nothing: it is no base64.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace tsmtp::etcd
