// What is known of the path to the peer, as measured below the connection.
#pragma once

#include <cstdint>

#include "relayd/base/clock.h"

namespace tsmtp::mux {

/// 0 where nothing is known.
struct PathMetrics {
  base::Duration round_trip{};
  std::uint64_t bytes_per_second = 0;
};

}  // namespace tsmtp::mux
