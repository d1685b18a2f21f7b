#include "relayd/mux/turns.h"

#include <cassert>

namespace tsmtp::mux {

void Turns::add(StreamId stream) {
  const auto [found, is_unknown] = turns_.try_emplace(stream);
  Turn& turn = found->second;
  if (is_unknown) {
    new_.push_back(stream);
    ++ready_;
  } else if (!turn.is_ready) {
    turn.is_ready = true;  // in the place that it has: it gains nothing by having been silent
    ++ready_;
  }
}

void Turns::remove(StreamId stream) {
  const auto found = turns_.find(stream);
  if (found == turns_.end()) return;
  if (found->second.is_ready) --ready_;
  std::erase(found->second.is_new ? new_ : old_, stream);
  turns_.erase(found);
}

std::optional<StreamId> Turns::next() {
  while (ready_ > 0) {
    std::deque<StreamId>& turns = new_.empty() ? old_ : new_;
    const StreamId stream = turns.front();
    Turn& turn = turns_.at(stream);
    if (turn.is_ready && turn.share > 0) return stream;
    turns.pop_front();
    if (!turn.is_ready && !turn.is_new) {
      turns_.erase(stream);
      continue;
    }
    // A silent new one keeps a place among the old for one round: else it could be new again at once, and the
    // old ones would starve.
    if (turn.share <= 0) turn.share += kShareBytes;
    to_old(stream, turn);
  }
  return std::nullopt;
}

void Turns::to_old(StreamId stream, Turn& turn) {
  turn.is_new = false;
  old_.push_back(stream);
}

void Turns::sent(StreamId stream, std::size_t frame_bytes, bool has_more) {
  const auto found = turns_.find(stream);
  assert(found != turns_.end() && found->second.is_ready);
  found->second.share -= static_cast<std::int64_t>(frame_bytes);
  if (has_more) return;
  found->second.is_ready = false;
  --ready_;
}

void Turns::clear() {
  new_.clear();
  old_.clear();
  turns_.clear();
  ready_ = 0;
}

}  // namespace tsmtp::mux
