// Whose turn it is among equals: deficit round robin over the streams that have something to send (Shreedhar
// and Varghese 1995). A stream that begins to send, and has not used up its first share, goes before those
// that have been at it: a small mail passes the large ones (RFC 8290 section 4.2 does the same with flows).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "relayd/mux/stream_id.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

class Turns {
 public:
  /// What a stream may send in one turn.
  static constexpr std::int64_t kShareBytes = wire::kMaxFrameBytes;

  /// The stream has something to send.
  void add(StreamId stream);
  void remove(StreamId stream);
  /// The stream that may send a frame now; say sent() of it.
  [[nodiscard]] std::optional<StreamId> next();
  /// next() has sent a frame of so many bytes, header and all, and has more to send or not.
  void sent(StreamId stream, std::size_t frame_bytes, bool has_more);
  void clear();
  [[nodiscard]] bool empty() const { return ready_ == 0; }

 private:
  struct Turn {
    std::int64_t share = kShareBytes;  // left of it
    bool is_new = true;                // in new_, else in old_
    bool is_ready = true;
  };

  void to_old(StreamId stream, Turn& turn);

  std::deque<StreamId> new_;
  std::deque<StreamId> old_;
  std::unordered_map<StreamId, Turn> turns_;
  std::size_t ready_ = 0;
};

}  // namespace tsmtp::mux
