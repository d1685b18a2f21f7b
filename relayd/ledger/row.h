// How a row's value begins in both tables: a version byte, the time it was recorded and, from version 2 on,
// the key of the
// site, or of the hub of it, that it is about.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"

namespace tsmtp::ledger {

inline constexpr std::size_t kMaxSiteBytes = 255;  // of its name

struct Row {
  std::uint8_t version;
  base::WallTime recorded;
  std::string_view pin;   ///< kPinBytes; empty in version 1. Borrowed from the value, as the body is
  std::string_view body;  ///< what comes after the header
};

inline constexpr std::uint8_t kWithPin = 2;
inline constexpr std::uint8_t kWithHub = 3;  ///< of a doubt: its body says more of the hub

/// `pin` has kPinBytes.
[[nodiscard]] std::string encode_row(base::WallTime recorded, std::string_view pin, std::string_view body,
                                     std::uint8_t version = kWithPin);

/// nullopt: an unknown version, or too short to be a row. Version 1 is read, and not written any more.
[[nodiscard]] std::optional<Row> decode_row(std::string_view value);

}  // namespace tsmtp::ledger
