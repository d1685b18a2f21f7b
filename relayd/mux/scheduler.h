// Which stream sends next: the streams of the first service before all others, and those of a kind in turns.
#pragma once

#include <cstddef>
#include <optional>

#include "relayd/mux/precedence.h"
#include "relayd/mux/stream_id.h"
#include "relayd/mux/turns.h"

namespace tsmtp::mux {

class Scheduler {
 public:
  /// The stream has something to send.
  void add(StreamId stream, Precedence precedence) { turns_[precedence].add(stream); }
  void remove(StreamId stream, Precedence precedence) { turns_[precedence].remove(stream); }
  /// The stream that may send a frame now, of those whose kind `may_send`; say sent() of it.
  template <typename MaySend>
  [[nodiscard]] std::optional<StreamId> next(const MaySend& may_send) {
    for (const Precedence precedence : kPrecedences)
      if (!turns_[precedence].empty() && may_send(precedence)) return turns_[precedence].next();
    return std::nullopt;
  }
  /// next() has sent a frame of so many bytes, header and all, and has more to send or not.
  void sent(StreamId stream, Precedence precedence, std::size_t frame_bytes, bool has_more) {
    turns_[precedence].sent(stream, frame_bytes, has_more);
  }
  void clear() { turns_ = {}; }
  /// Whether next() would find one.
  template <typename MaySend>
  [[nodiscard]] bool has_next(const MaySend& may_send) const {
    for (const Precedence precedence : kPrecedences)
      if (!turns_[precedence].empty() && may_send(precedence)) return true;
    return false;
  }
  /// Whether a stream of another service than the first has something to send.
  [[nodiscard]] bool has_others() const { return !turns_.other.empty(); }
  [[nodiscard]] bool empty() const { return turns_.first.empty() && turns_.other.empty(); }

 private:
  PerPrecedence<Turns> turns_;
};

}  // namespace tsmtp::mux
