// Bytes into frames, incrementally and within one frame's memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/wire/frame.h"

namespace tsmtp::wire {

class Decoder {
 public:
  /// Consumes from the front of `input` and returns the first complete frame, or nothing when more bytes are
  /// needed; then all of `input` has been consumed. The payload borrows from the decoder, or from what
  /// `input` pointed to when the frame was whole there, and is valid until the next call. An error (a length
  /// over kMaxPayloadBytes) is found on the first two bytes of a header, before the rest is waited for; the
  /// decoder is of no use after it.
  [[nodiscard]] base::Result<std::optional<Frame>> decode(std::string_view& input);

 private:
  [[nodiscard]] bool take(std::string_view& input, std::size_t wanted_bytes);

  std::string pending_;     // an incomplete frame, never more than kMaxFrameBytes
  bool delivered_ = false;  // pending_ holds the frame that was returned last
};

}  // namespace tsmtp::wire
