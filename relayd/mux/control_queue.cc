#include "relayd/mux/control_queue.h"

#include <cassert>
#include <utility>

namespace tsmtp::mux {

void ControlQueue::push(ControlFrame frame) {
  if (frame.type == wire::FrameType::kPong) ++pongs_;
  frames_.push_back(std::move(frame));
}

ControlFrame ControlQueue::pop() {
  assert(!frames_.empty());
  ControlFrame frame = std::move(frames_.front());
  frames_.pop_front();
  if (frame.type == wire::FrameType::kPong) --pongs_;
  return frame;
}

void ControlQueue::cancel(StreamId stream) {
  std::erase_if(frames_, [&](const ControlFrame& frame) { return frame.stream == stream; });
}

void ControlQueue::drop_pings() {
  std::erase_if(frames_, [](const ControlFrame& frame) {
    return frame.type == wire::FrameType::kPing || frame.type == wire::FrameType::kPong;
  });
  pongs_ = 0;
}

void ControlQueue::clear() {
  frames_.clear();
  pongs_ = 0;
}

}  // namespace tsmtp::mux
