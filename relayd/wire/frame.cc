#include "relayd/wire/frame.h"

namespace tsmtp::wire {

bool is_known(FrameType type) {
  switch (type) {
    case FrameType::kHello:
    case FrameType::kPing:
    case FrameType::kPong:
    case FrameType::kAck:
    case FrameType::kCredit:
    case FrameType::kDrain:
    case FrameType::kClose:
    case FrameType::kNotice:
    case FrameType::kOpen:
    case FrameType::kData:
    case FrameType::kFinish:
    case FrameType::kReset:
      return true;
  }
  return false;
}

bool is_sequenced(FrameType type) {
  switch (type) {
    case FrameType::kNotice:
    case FrameType::kOpen:
    case FrameType::kData:
    case FrameType::kFinish:
    case FrameType::kReset:
      return true;
    case FrameType::kHello:
    case FrameType::kPing:
    case FrameType::kPong:
    case FrameType::kAck:
    case FrameType::kCredit:
    case FrameType::kDrain:
    case FrameType::kClose:
      return false;
  }
  return false;
}

std::string to_string(FrameType type) {
  switch (type) {
    case FrameType::kHello:
      return "Hello";
    case FrameType::kPing:
      return "Ping";
    case FrameType::kPong:
      return "Pong";
    case FrameType::kAck:
      return "Ack";
    case FrameType::kCredit:
      return "Credit";
    case FrameType::kDrain:
      return "Drain";
    case FrameType::kClose:
      return "Close";
    case FrameType::kNotice:
      return "Notice";
    case FrameType::kOpen:
      return "Open";
    case FrameType::kData:
      return "Data";
    case FrameType::kFinish:
      return "Finish";
    case FrameType::kReset:
      return "Reset";
  }
  return "type " + std::to_string(static_cast<unsigned>(type));
}

}  // namespace tsmtp::wire
