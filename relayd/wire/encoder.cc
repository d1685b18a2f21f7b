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

void set_acknowledgement(std::string& frames, std::size_t begin, std::uint64_t acknowledgement) {
  assert(frames.size() >= begin + kHeaderBytes);
  std::string field;
  base::put_u64(field, acknowledgement);
  frames.replace(begin + kAcknowledgementOffset, field.size(), field);
}

}  // namespace tsmtp::wire
