// Pins as they are written: "sha256:" and the base64 of 32 bytes. A site is its key (P7), so nothing that is
// not exactly that is let through.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::settings {

/// The 32 raw bytes of a pin.
[[nodiscard]] base::Result<std::string> parse_pin(std::string_view text);

/// What parse_pin() reads and `relayctl fingerprint` prints; `digest` is 32 raw bytes.
[[nodiscard]] std::string pin_text(std::string_view digest);

}  // namespace tsmtp::settings
