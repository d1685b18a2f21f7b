// The rules a frame can be held to by itself, whatever the state of the session: docs/protocol.md section
// "Frame types".
#pragma once

#include "relayd/base/result.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

inline constexpr std::size_t kMaxPingBytes = 64;

/// Checks type, flags, stream (of the link or not) and length of payload. The error says what is wrong.
[[nodiscard]] base::Result<void> check_frame(const wire::Frame& frame);

}  // namespace tsmtp::mux
