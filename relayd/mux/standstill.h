// Whether the line under a connection stands still: sent, sent again several times, and nothing came back.
// By then the kernel waits twice as long before each further try, so that a line that is there again may go
// unnoticed for as long as it was away. A line that is slow, congested or loses packets is none that stands
// still: something is heard of it, or its retransmission timer has fitted itself to it.
#pragma once

#include <optional>

#include "relayd/base/clock.h"

namespace tsmtp::mux {

class Standstill {
 public:
  /// Silence for so long, while something waits for its acknowledgement, and so many retransmission timers
  /// that ran out in a row, each after twice the time of the one before.
  static constexpr base::Duration kSilence = std::chrono::milliseconds(1500);
  static constexpr unsigned kTimeouts = 2;

  /// What the kernel knows of a connection at one moment.
  struct Sample {
    bool outstanding = false;      ///< something sent has not been acknowledged, or could not be sent
    base::Duration silence{};      ///< since anything of the peer came
    unsigned timeouts_in_row = 0;  ///< of the retransmission timer, since something new was acknowledged
  };
  enum class Change { kNone, kStandsStill, kMoves };

  /// Something was sent; samples are wanted, some a second, until `is_watching()` is false.
  void sent(base::TimePoint now);
  [[nodiscard]] bool is_watching() const { return watching_since_.has_value(); }
  [[nodiscard]] Change sample(const Sample& sample, base::TimePoint now);

  /// When it was last heard that the line moves; nothing while it does.
  [[nodiscard]] std::optional<base::TimePoint> since() const { return since_; }

 private:
  std::optional<base::TimePoint> watching_since_;
  std::optional<base::TimePoint> since_;
};

}  // namespace tsmtp::mux
