// 256 words for reading a few bytes aloud on the telephone: common, short, and not easily taken for each
// other. The list is part of the protocol: both hubs must say the same.
#pragma once

#include <cstdint>
#include <string_view>

namespace tsmtp::pairing {

[[nodiscard]] std::string_view word(std::uint8_t byte);

}  // namespace tsmtp::pairing
