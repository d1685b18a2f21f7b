// When to ask a silent peer whether it lives, and when to give it up. Any received byte is a sign of life. It
// must not take our own sleep for the peer's death: a tick that comes too late asks first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/clock.h"

namespace tsmtp::mux {

class Keepalive {
 public:
  enum class Verdict { kAlive, kAsk, kDead };

  /// `silence` is cut to half of `dead_after`, so that a peer is always asked before it is given up.
  Keepalive(base::Duration silence, base::Duration dead_after, base::TimePoint now);

  void heard(base::TimePoint now);
  /// kAsk: queue a Ping with ping_payload() now; it is said once a ping. `silence`: after which it is asked,
  /// if that is less than the usual.
  [[nodiscard]] Verdict tick(base::TimePoint now, base::Duration silence = base::Duration::max());
  [[nodiscard]] base::TimePoint deadline(base::Duration silence = base::Duration::max()) const;

  [[nodiscard]] std::string ping_payload() const;
  /// The ping has been handed to the connection.
  void ping_sent(base::TimePoint now);
  /// Whether the Pong answers the ping that is under way.
  [[nodiscard]] bool pong_received(std::string_view payload, base::TimePoint now);

  [[nodiscard]] std::optional<base::Duration> round_trip() const { return round_trip_; }

 private:
  enum class Ping { kNone, kQueued, kSent };

  [[nodiscard]] base::TimePoint dead_at() const;

  base::Duration silence_;
  base::Duration dead_after_;
  base::TimePoint heard_;
  Ping ping_ = Ping::kNone;
  base::TimePoint asked_;  // when the last ping was queued
  base::TimePoint sent_;   // when it was sent
  std::uint64_t pings_ = 0;
  std::optional<base::Duration> round_trip_;
};

}  // namespace tsmtp::mux
