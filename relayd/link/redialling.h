// Dials the address of a connection that stands still or broke, beside it, until a new one stands: each try
// is short and with a packet of its own soon, so that a line that is there again is found within some hundred
// milliseconds, however long it was away. Says nothing of failures: what is wrong for longer, Dialling tells.
#pragma once

#include <chrono>
#include <optional>
#include <random>

#include "relayd/base/clock.h"
#include "relayd/link/backoff.h"

namespace tsmtp::link {

class Redialling {
 public:
  using Milliseconds = std::chrono::milliseconds;
  /// A try to connect lasts twice the round trip, at least the first of these, and up to a half more by
  /// chance; then the next one follows.
  static constexpr Milliseconds kShortestTry{250};
  static constexpr Milliseconds kLongestTry{3000};

  enum class Step { kNone, kConnect, kGiveUp };

  /// `round_trip`: as it was known of the path.
  Redialling(Milliseconds round_trip, unsigned seed);

  /// Begins now; no effect while it is under way.
  [[nodiscard]] Step start(base::TimePoint now);
  /// Begins when a try would be over.
  void start_later(base::TimePoint now);
  /// The connection that was handed over last came to nothing, or may yet: goes on after a pause, a longer
  /// one each time.
  void came_to_nothing(base::TimePoint now);
  [[nodiscard]] Step stop();

  // An event that nobody waits for has no effect.
  void connected();
  /// To connect, which costs nothing more than its time, or to shake hands.
  void failed(base::TimePoint now);
  /// Whether the connection is wanted.
  [[nodiscard]] bool dialled();
  [[nodiscard]] Step tick(base::TimePoint now);
  [[nodiscard]] std::optional<base::TimePoint> deadline() const { return deadline_; }

 private:
  enum class State { kIdle, kWaiting, kConnecting, kShakingHands };

  [[nodiscard]] Step connect(base::TimePoint now);
  void wait(Milliseconds time, base::TimePoint now);
  [[nodiscard]] Milliseconds length_of_try();

  Milliseconds shortest_try_;
  std::minstd_rand random_;
  Backoff backoff_;  // between handshakes that come to nothing
  State state_ = State::kIdle;
  std::optional<base::TimePoint> deadline_;
};

}  // namespace tsmtp::link
