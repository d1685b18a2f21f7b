#include "relayd/mux/control_queue.h"

#include <cassert>
#include <utility>

namespace tsmtp::mux {

void ControlQueue::push(ControlFrame frame) {
  frames_.push_back(std::move(frame));
}

ControlFrame ControlQueue::pop() {
  assert(!frames_.empty());
  ControlFrame frame = std::move(frames_.front());
  frames_.pop_front();
  return frame;
}

void ControlQueue::cancel(StreamId stream) {
  std::erase_if(frames_, [&](const ControlFrame& frame) { return frame.stream == stream; });
}

void ControlQueue::drop(wire::FrameType type) {
  std::erase_if(frames_, [&](const ControlFrame& frame) { return frame.type == type; });
}

}  // namespace tsmtp::mux
