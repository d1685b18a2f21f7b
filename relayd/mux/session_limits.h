// What we grant and keep in a session, for all of it. Our Hello states some of it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "relayd/mux/hello.h"
#include "relayd/mux/stream_id.h"
#include "relayd/settings/link.h"

namespace tsmtp::mux {

struct SessionLimits {
  /// That the peer may have open at once. A client that sends one mail after the other has two for a moment:
  /// the one that is ending, and the next.
  std::uint32_t max_streams = 512;
  /// The window that every stream is granted, in each direction; at least kMinWindowBytes.
  std::uint32_t stream_window_bytes = 256 * 1024;
  /// What the windows of all streams of the first service together may grow by.
  std::size_t window_budget_bytes = 64UL * 1024 * 1024;
  /// Those of other services, likewise.
  std::size_t other_window_budget_bytes = 32UL * 1024 * 1024;
  /// What may be kept to be sent again; no more Data is sent then. More than a path holds between a frame and
  /// its acknowledgement, which is 5 Gbit/s at 100 ms.
  std::size_t max_unacknowledged_bytes = 64UL * 1024 * 1024;
  /// What the peer may open streams for; nobody serves others.
  std::vector<Service> services{kFirstService};
  /// How long the session waits for another connection when its own is lost; 0: it ends with it.
  std::chrono::seconds grace_period = settings::Link{}.resume_window;

  friend bool operator==(const SessionLimits&, const SessionLimits&) = default;
};

[[nodiscard]] inline SessionLimits within_bounds(SessionLimits limits) {
  limits.stream_window_bytes = std::max(limits.stream_window_bytes, kMinWindowBytes);
  return limits;
}

}  // namespace tsmtp::mux
