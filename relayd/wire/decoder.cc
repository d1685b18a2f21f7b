#include "relayd/wire/decoder.h"

#include <algorithm>

#include "relayd/base/bytes.h"

namespace tsmtp::wire {
namespace {

constexpr std::size_t kLengthBytes = 2;

base::Result<std::size_t> frame_bytes(std::string_view front) {
  const std::size_t payload_bytes = base::get_u16(front);
  if (payload_bytes > kMaxPayloadBytes)
    return base::Error{"peer announced a frame with " + std::to_string(payload_bytes) +
                       " bytes of payload, at most " + std::to_string(kMaxPayloadBytes) + " are allowed"};
  return kHeaderBytes + payload_bytes;
}

Frame parse(std::string_view whole) {
  return Frame{.type = static_cast<FrameType>(base::get_u8(whole.substr(2))),
               .flags = base::get_u8(whole.substr(3)),
               .stream = base::get_u32(whole.substr(4)),
               .sequence = base::get_u64(whole.substr(8)),
               .acknowledgement = base::get_u64(whole.substr(16)),
               .payload = whole.substr(kHeaderBytes)};
}

}  // namespace

base::Result<std::optional<Frame>> Decoder::decode(std::string_view& input) {
  if (delivered_) {
    pending_.clear();
    delivered_ = false;
  }
  if (pending_.empty() && input.size() >= kLengthBytes) {
    const auto bytes = frame_bytes(input);
    if (!bytes) return bytes.error();
    if (input.size() >= *bytes) {
      const Frame frame = parse(input.substr(0, *bytes));
      input.remove_prefix(*bytes);
      return frame;
    }
  }
  if (!take(input, kLengthBytes)) return std::optional<Frame>{};
  const auto bytes = frame_bytes(pending_);
  if (!bytes) return bytes.error();
  if (!take(input, *bytes)) return std::optional<Frame>{};
  delivered_ = true;
  return parse(pending_);
}

// Moves from `input` until pending_ holds `wanted_bytes`; false if that took all of it and was not enough.
bool Decoder::take(std::string_view& input, std::size_t wanted_bytes) {
  if (pending_.size() < wanted_bytes) {
    const std::size_t taken = std::min(input.size(), wanted_bytes - pending_.size());
    pending_.append(input.substr(0, taken));
    input.remove_prefix(taken);
  }
  return pending_.size() >= wanted_bytes;
}

}  // namespace tsmtp::wire
