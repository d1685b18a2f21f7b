// Frames that go out before any Data, in the order queued. Bounded by what may cause them: Opens and Resets
// by the limits on streams; the session refuses what would exceed them.
#pragma once

#include <deque>
#include <string>

#include "relayd/mux/stream_id.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

struct ControlFrame {
  wire::FrameType type{};
  StreamId stream = 0;
  std::string payload;
};

class ControlQueue {
 public:
  void push(ControlFrame frame);
  [[nodiscard]] ControlFrame pop();  ///< of a queue that is not empty
  /// Drops what is queued for a stream.
  void cancel(StreamId stream);
  /// Drops what is queued of that type.
  void drop(wire::FrameType type);
  void clear() { frames_.clear(); }
  [[nodiscard]] bool empty() const { return frames_.empty(); }

 private:
  std::deque<ControlFrame> frames_;
};

}  // namespace tsmtp::mux
