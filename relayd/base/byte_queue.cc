#include "relayd/base/byte_queue.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tsmtp::base {
namespace {

// An empty queue keeps so much for the next bytes.
constexpr std::size_t kKeptBytes = 4096;

}  // namespace

void ByteQueue::append(std::string_view bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (pieces_.empty() || pieces_.back().size() >= piece_bytes_) pieces_.emplace_back();
    std::string& last = pieces_.back();
    const std::size_t fitting = std::min(bytes.size(), piece_bytes_ - last.size());
    if (last.size() + fitting > kKeptBytes) last.reserve(piece_bytes_);
    last += bytes.substr(0, fitting);
    bytes.remove_prefix(fitting);
  }
}

std::string_view ByteQueue::front() const {
  return empty() ? std::string_view{} : std::string_view(pieces_.front()).substr(taken_);
}

void ByteQueue::take(std::size_t bytes) {
  assert(bytes <= front().size());
  size_ -= bytes;
  taken_ += bytes;
  if (pieces_.empty() || taken_ < pieces_.front().size()) return;
  taken_ = 0;
  if (empty() && pieces_.front().capacity() <= kKeptBytes) {
    pieces_.front().clear();
  } else {
    pieces_.pop_front();
  }
}

std::string ByteQueue::take_front(std::size_t max_bytes) {
  const std::size_t bytes = std::min(front().size(), max_bytes);
  // One that is not full has more memory than bytes, which its new owner would not know.
  const bool is_whole = bytes == piece_bytes_ && bytes == pieces_.front().size();
  std::string taken = is_whole ? std::move(pieces_.front()) : std::string(front().substr(0, bytes));
  if (is_whole) {
    pieces_.pop_front();
    size_ -= bytes;
  } else {
    take(bytes);
  }
  return taken;
}

void ByteQueue::clear() {
  pieces_.clear();
  taken_ = 0;
  size_ = 0;
}

}  // namespace tsmtp::base
