// One stream: what is to be sent and may be, what has been received and is not dealt with, and how far its
// end has come. Offsets are absolute and count bytes of Data from 0; nothing is sent or taken beyond the
// credit for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "relayd/base/byte_queue.h"
#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/mux/precedence.h"
#include "relayd/mux/stream_id.h"
#include "relayd/mux/window_budget.h"
#include "relayd/wire/frame.h"

namespace tsmtp::mux {

/// Our bytes on their way to the peer.
class SendHalf {
 public:
  enum class State { kOpen, kFinishing, kFinished, kReset };  // kFinishing: Finish follows the queued bytes

  /// `credit` is the offset up to which the peer lets us send; `window_bytes` what we are willing to queue.
  SendHalf(std::uint64_t credit, std::size_t window_bytes) : credit_(credit), window_bytes_(window_bytes) {}

  void write(std::string_view bytes);
  void finish();
  void reset();  ///< drops what is queued

  /// An absolute offset, perhaps one that was overtaken; whether it is higher than all before. An error when
  /// it is beyond reason.
  [[nodiscard]] base::Result<bool> credit(std::uint64_t offset);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::size_t unsent() const { return queue_.size(); }
  [[nodiscard]] std::size_t writable() const;
  /// Whether there are bytes with credit, or a Finish, to be sent now.
  [[nodiscard]] bool ready() const;
  /// Of a half that is ready: takes the payload of the next Data frame; empty when a Finish frame is next.
  [[nodiscard]] std::string take_payload(std::size_t max_bytes);
  /// Whether the owner should be told now that it may write again; true once.
  [[nodiscard]] bool became_writable();
  void finish_sent();

 private:
  State state_ = State::kOpen;
  base::ByteQueue queue_{wire::kMaxPayloadBytes};  // a piece of it is a frame
  std::uint64_t sent_ = 0;                         // offset, <= credit_
  std::uint64_t credit_;
  std::size_t window_bytes_;
  bool was_full_ =
      false;  // more than half a window was queued, the owner has not been told that it no longer is
};

/// The peer's bytes on their way to our owner.
class ReceiveHalf {
 public:
  enum class State { kOpen, kFinished };

  explicit ReceiveHalf(std::uint32_t window_bytes)
      : credit_(window_bytes), window_bytes_(window_bytes), granted_bytes_(window_bytes) {}

  /// Data came. An error when it is beyond the credit given or behind a Finish.
  [[nodiscard]] base::Result<void> received(std::size_t bytes);
  [[nodiscard]] base::Result<void> finished();
  void consumed(std::size_t bytes);

  [[nodiscard]] State state() const { return state_; }
  /// Whether so much was consumed that the peer should be told (half a window).
  [[nodiscard]] bool credit_due() const;
  /// Of a half whose credit is due: makes the window fit the path. One that was half used up within two round
  /// trips holds the peer up, and is doubled if the budget has as much; one that lasted long is halved.
  void tune(base::TimePoint now, base::Duration round_trip, WindowBudget& budget);
  /// The offset to state now; from then on the peer may send up to it.
  [[nodiscard]] std::uint64_t state_credit();
  /// The offset stated last.
  [[nodiscard]] std::uint64_t credit() const { return credit_; }
  /// Whether it is more than what the peer knows without being told.
  [[nodiscard]] bool has_stated_credit() const { return credit_ > granted_bytes_; }
  [[nodiscard]] std::size_t window_bytes() const { return window_bytes_; }
  /// No more credit will be stated: the budget gets back what the window had of it.
  void give_back(WindowBudget& budget);

 private:
  State state_ = State::kOpen;
  std::uint64_t received_ = 0;  // offset, <= credit_
  std::uint64_t consumed_ = 0;  // offset, <= received_
  std::uint64_t credit_;        // last stated
  std::size_t window_bytes_;    // what of it is beyond granted_bytes_ is out of the budget
  std::size_t granted_bytes_;   // at least as much is always there
  std::optional<base::TimePoint> tuned_;
};

struct Stream {
  enum class Announcement { kQueued, kMade };  // our Open frame; the peer's has been made when we know of it

  [[nodiscard]] bool over() const;
  /// Whether the peer, knowing what it acknowledged, may send nothing more on the stream.
  [[nodiscard]] bool settled(std::uint64_t acknowledged_by_peer) const;

  SendHalf sending;
  ReceiveHalf receiving;
  Precedence precedence = Precedence::kFirst;
  Announcement announcement = Announcement::kMade;
  bool has_reset_aside = false;       ///< it is ours, and no Reset of either side has ended it
  bool is_counted_reset = false;      ///< as one that the peer has used of its allowance
  std::uint64_t finish_sequence = 0;  ///< of the frame that we sent, 0 until then
  std::uint64_t reset_sequence = 0;   ///< likewise
};

}  // namespace tsmtp::mux
