// Whose turn it is: the streams that have something to send, a frame each in turn. Frames are bounded, so
// that is fair enough for a fixed window; deficit round robin takes its place when windows grow.
#pragma once

#include <deque>
#include <optional>
#include <unordered_set>

#include "relayd/mux/stream_id.h"

namespace tsmtp::mux {

class Scheduler {
 public:
  /// Gives the stream a turn after all others, unless it has one coming.
  void add(StreamId stream);
  void remove(StreamId stream);
  /// Takes the next stream out; add() it again if it has more to send.
  [[nodiscard]] std::optional<StreamId> next();
  void clear();
  [[nodiscard]] bool empty() const { return turns_.empty(); }

 private:
  std::deque<StreamId> turns_;
  std::unordered_set<StreamId> waiting_;  // the same, for looking up
};

}  // namespace tsmtp::mux
