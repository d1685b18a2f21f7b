// Bytes that wait for their turn: appended at the end, taken from the front. They are kept in pieces, so that
// none is moved when others come or go, and memory is given back as they leave.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>

namespace tsmtp::base {

class ByteQueue {
 public:
  /// `piece_bytes`: what front() shows at most. A piece is filled before the next one begins.
  explicit ByteQueue(std::size_t piece_bytes) : piece_bytes_(piece_bytes) {}

  void append(std::string_view bytes);
  /// The first piece, or what is left of it; good until the queue is changed. Empty when the queue is.
  [[nodiscard]] std::string_view front() const;
  /// Drops so many bytes of front().
  void take(std::size_t bytes);
  /// Takes what front() shows, `max_bytes` at most; without a copy where that is a full piece.
  [[nodiscard]] std::string take_front(std::size_t max_bytes);
  void clear();

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  std::size_t piece_bytes_;
  std::list<std::string> pieces_;  // only the last may be empty
  std::size_t taken_ = 0;          // of the first
  std::size_t size_ = 0;
};

}  // namespace tsmtp::base
