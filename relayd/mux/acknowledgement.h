// Sequence numbers: gives them to the frames we send, checks those of the peer, and knows what each side has
// acknowledged and when an acknowledgement of ours is due.
#pragma once

#include <cstdint>
#include <optional>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

class Acknowledgement {
 public:
  /// An acknowledgement of our own is due after so much, or so long after the first unacknowledged frame.
  static constexpr std::uint64_t kMaxFrames = 64;
  static constexpr std::size_t kMaxBytes = 128UL * 1024;
  static constexpr std::chrono::milliseconds kMaxDelay{100};

  /// Fills in sequence and acknowledgement of a frame that goes out now.
  void stamp(wire::Frame& frame);

  /// Checks sequence and acknowledgement of a frame that came in, and keeps them.
  [[nodiscard]] base::Result<void> accept(const wire::Frame& frame, base::TimePoint now);

  /// Our frames up to this one have been received by the peer.
  [[nodiscard]] std::uint64_t acknowledged_by_peer() const { return acknowledged_by_peer_; }

  /// The session goes on on another connection.
  void resume() { due_ = true; }  // what is sent again carries old ones

  /// The last sequence that was given out.
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  /// Sequenced frames of the peer that we have.
  [[nodiscard]] std::uint64_t received() const { return received_; }

  void tick(base::TimePoint now);
  /// Whether an Ack frame should go out if nothing else does.
  [[nodiscard]] bool due() const { return due_; }
  /// When tick() will find one due; nothing while there is none to come.
  [[nodiscard]] std::optional<base::TimePoint> deadline() const;

 private:
  [[nodiscard]] base::Result<void> accept_acknowledgement(std::uint64_t acknowledgement);
  [[nodiscard]] base::Result<void> accept_sequence(const wire::Frame& frame);

  std::uint64_t sent_ = 0;                  // the last sequence given out
  std::uint64_t acknowledged_by_peer_ = 0;  // <= sent_
  std::uint64_t received_ = 0;              // the last sequence received, in order
  std::uint64_t acknowledged_by_us_ = 0;    // <= received_
  std::size_t unacknowledged_bytes_ = 0;    // payload received since acknowledged_by_us_
  base::TimePoint unacknowledged_since_;
  bool due_ = false;
};

}  // namespace tsmtp::mux
