#include "relayd/mux/retained.h"

#include <cassert>

namespace tsmtp::mux {

void Retained::keep(std::uint64_t sequence, std::string_view encoded) {
  assert(!replaying());
  frames_.push_back({sequence, std::string(encoded)});
  bytes_ += encoded.size();
  next_ = frames_.size();
}

void Retained::acknowledged(std::uint64_t sequence) {
  while (!frames_.empty() && frames_.front().sequence <= sequence) {
    bytes_ -= frames_.front().encoded.size();
    frames_.pop_front();
    if (next_ > 0) --next_;
  }
}

bool Retained::follows(std::uint64_t sequence, std::uint64_t sent) const {
  const std::uint64_t first = frames_.empty() ? sent + 1 : frames_.front().sequence;
  return sequence <= sent && sequence + 1 >= first;
}

void Retained::replay(std::string& out) {
  assert(replaying());
  out += frames_[next_++].encoded;
}

}  // namespace tsmtp::mux
