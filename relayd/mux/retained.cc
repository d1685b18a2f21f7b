#include "relayd/mux/retained.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tsmtp::mux {

void Retained::keep(std::uint64_t sequence, std::string_view header, std::string payload) {
  assert(!replaying() && header.size() == wire::kHeaderBytes);
  Kept& kept = frames_.emplace_back(Kept{.sequence = sequence, .header = {}, .payload = std::move(payload)});
  std::copy_n(header.begin(), kept.header.size(), kept.header.begin());
  bytes_ += kept.bytes();
  next_ = frames_.size();
}

void Retained::acknowledged(std::uint64_t sequence) {
  while (!frames_.empty() && frames_.front().sequence <= sequence) {
    bytes_ -= frames_.front().bytes();
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
  const Kept& kept = frames_[next_++];
  out.append(kept.header.data(), kept.header.size());
  out += kept.payload;
}

}  // namespace tsmtp::mux
