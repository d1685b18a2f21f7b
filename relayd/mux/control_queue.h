// Frames that go out before any Data, in the order queued. Bounded by what may cause them: pongs by
// kMaxPongs, Opens and Resets by the limits on streams; the session refuses what would exceed them.
#pragma once

#include <cstddef>
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
  static constexpr std::size_t kMaxPongs = 8;

  void push(ControlFrame frame);
  [[nodiscard]] ControlFrame pop();  ///< of a queue that is not empty
  /// Drops what is queued for a stream.
  void cancel(StreamId stream);
  /// Drops what belongs to the connection and not to the session: pings and pongs.
  void drop_pings();
  void clear();

  [[nodiscard]] bool empty() const { return frames_.empty(); }
  [[nodiscard]] bool full_of_pongs() const { return pongs_ >= kMaxPongs; }

 private:
  std::deque<ControlFrame> frames_;
  std::size_t pongs_ = 0;
};

}  // namespace tsmtp::mux
