// Sequenced frames that the peer has not acknowledged, kept so that they can be sent again when the session
// is resumed on another connection. Credit bounds them, and so does max_bytes, beyond which no more Data is
// sent: a peer that takes bytes and never acknowledges must not make us keep them without end. Streams of
// other services than the first stop before that, so that they never use up the room of the first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "relayd/mux/precedence.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

class Retained {
 public:
  explicit Retained(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Keeps a frame, its header (kHeaderBytes) as it was encoded; sequences rise by one.
  void keep(std::uint64_t sequence, std::string_view header, std::string payload);
  /// Drops the frames up to this one.
  void acknowledged(std::uint64_t sequence);

  /// Whether all frames after this one are here, of those up to `sent`: a peer that has that many can go on.
  [[nodiscard]] bool follows(std::uint64_t sequence, std::uint64_t sent) const;

  /// Begins to send again, from the first that is kept.
  void rewind() { next_ = 0; }
  [[nodiscard]] bool replaying() const { return next_ < frames_.size(); }
  /// Appends the next frame to send again, as it was: its acknowledgement too must not come to the peer ahead
  /// of the frames that we had sent before we could give it.
  void replay(std::string& out);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// Whether there is room for Data of that kind.
  [[nodiscard]] bool has_room_for(Precedence precedence) const {
    return bytes_ < (precedence == Precedence::kFirst ? max_bytes_ : max_bytes_ / 4 * 3);
  }

 private:
  struct Kept {
    [[nodiscard]] std::size_t bytes() const { return header.size() + payload.size(); }

    std::uint64_t sequence;
    std::array<char, wire::kHeaderBytes> header;
    std::string payload;
  };

  std::size_t max_bytes_;
  std::deque<Kept> frames_;
  std::size_t next_ = 0;  // of frames_, the next to be replayed; size() when there is nothing to replay
  std::size_t bytes_ = 0;
};

}  // namespace tsmtp::mux
