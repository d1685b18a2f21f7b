// Frames into bytes.
#pragma once

#include <string>

#include "relayd/wire/frame.h"

namespace tsmtp::wire {

/// Appends header and payload. The payload must be at most kMaxPayloadBytes.
void encode(const Frame& frame, std::string& out);

/// Changes the acknowledgement of the encoded frame that begins at `begin` in `frames`.
void set_acknowledgement(std::string& frames, std::size_t begin, std::uint64_t acknowledgement);

}  // namespace tsmtp::wire
