#include "relayd/mux/frame_rules.h"

#include <string>

#include "relayd/base/bytes.h"
#include "relayd/mux/stream_id.h"

namespace tsmtp::mux {
namespace {

using wire::Frame;
using wire::FrameType;

struct Rule {
  bool of_stream;
  std::size_t min_payload_bytes;
  std::size_t max_payload_bytes;
};

Rule rule(FrameType type) {
  switch (type) {
    case FrameType::kHello:
      return {false, 0, wire::kMaxPayloadBytes};
    case FrameType::kPing:
    case FrameType::kPong:
      return {false, 0, kMaxPingBytes};
    case FrameType::kAck:
      return {false, 0, 0};
    case FrameType::kCredit:
      return {true, 8, 8};
    case FrameType::kDrain:
      return {false, 0, 0};
    case FrameType::kClose:
      return {false, 0, kMaxTextBytes};
    case FrameType::kNotice:
      return {false, 0, wire::kMaxPayloadBytes};
    case FrameType::kOpen:
      return {true, 1, 1};
    case FrameType::kData:
      return {true, 1, wire::kMaxPayloadBytes};  // an empty one would cost no credit
    case FrameType::kFinish:
      return {true, 0, 0};
    case FrameType::kReset:
      return {true, 1, 1 + kMaxTextBytes};
  }
  return {false, 0, 0};
}

base::Result<void> check_length(const Frame& frame, const Rule& rule) {
  const std::size_t bytes = frame.payload.size();
  if (bytes >= rule.min_payload_bytes && bytes <= rule.max_payload_bytes) return {};
  std::string expected = std::to_string(rule.min_payload_bytes);
  if (rule.max_payload_bytes != rule.min_payload_bytes)
    expected += " to " + std::to_string(rule.max_payload_bytes);
  return base::Error{"peer sent " + to_string(frame.type) + " with " + std::to_string(bytes) +
                     " bytes of payload, " + expected + " were expected"};
}

}  // namespace

base::Result<void> check_frame(const Frame& frame) {
  if (!wire::is_known(frame.type)) {
    if ((frame.flags & wire::kFlagSkippable) != 0) return {};
    return base::Error{"peer sent a frame of unknown " + to_string(frame.type)};
  }
  if ((frame.flags & ~wire::kFlagSkippable) != 0)
    return base::Error{"peer sent " + to_string(frame.type) + " with unknown flags 0x" +
                       base::hex({reinterpret_cast<const char*>(&frame.flags), 1})};
  const Rule expected = rule(frame.type);
  if (expected.of_stream && frame.stream == 0)
    return base::Error{"peer sent " + to_string(frame.type) + " without a stream"};
  if (!expected.of_stream && frame.stream != 0)
    return base::Error{"peer sent " + to_string(frame.type) + " on stream " + std::to_string(frame.stream) +
                       ", but it belongs to the link"};
  return check_length(frame, expected);
}

}  // namespace tsmtp::mux
