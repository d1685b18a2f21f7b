#include "relayd/wire/encoder.h"

#include <cassert>

#include "relayd/base/bytes.h"

namespace tsmtp::wire {

void encode(const Frame& frame, std::string& out) {
  assert(frame.payload.size() <= kMaxPayloadBytes);
  base::put_u16(out, static_cast<std::uint16_t>(frame.payload.size()));
  base::put_u8(out, static_cast<std::uint8_t>(frame.type));
  base::put_u8(out, frame.flags);
  base::put_u32(out, frame.stream);
  base::put_u64(out, frame.sequence);
  base::put_u64(out, frame.acknowledgement);
  out += frame.payload;
}

}  // namespace tsmtp::wire
