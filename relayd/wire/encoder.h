// Frames into bytes.
#pragma once

#include <string>

#include "relayd/wire/frame.h"

namespace tsmtp::wire {

/// Appends header and payload. The payload must be at most kMaxPayloadBytes.
void encode(const Frame& frame, std::string& out);

}  // namespace tsmtp::wire
