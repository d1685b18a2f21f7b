// How much of other services than the first may be on the line unacknowledged, so that no mail waits behind
// it in the queue of a slow line. Where packets take much longer than they can, a queue stands there, and the
// window shrinks until it is about as long as half a round trip (as TCP Vegas and LEDBAT, RFC 6817, do).
#pragma once

#include <cstddef>
#include <cstdint>

#include "relayd/base/clock.h"

namespace tsmtp::mux {

class OtherWindow {
 public:
  /// A queue that is shorter than this is none.
  static constexpr std::chrono::milliseconds kShortQueue{10};
  static constexpr std::size_t kFirstBytes = 256UL * 1024, kLeastBytes = 16UL * 1024, kMostBytes = 1UL << 30;

  /// Of the path, as the kernel measures it; round trips of 0 are not known.
  struct Sample {
    base::Duration least_round_trip{};
    base::Duration round_trip{};
    std::size_t outstanding_bytes = 0;  ///< handed to the kernel, and not acknowledged
  };

  /// How many more bytes may go now.
  [[nodiscard]] std::size_t room(const Sample& sample, base::TimePoint now);
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  void tune(const Sample& sample);

  std::size_t bytes_ = kFirstBytes;
  std::size_t most_outstanding_ = 0;  // since it was tuned
  base::TimePoint tuned_{};
};

}  // namespace tsmtp::mux
