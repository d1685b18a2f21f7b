// What `relayctl status` shows of a link.
#pragma once

#include <cstdint>

namespace tsmtp::mux {

/// Since the session began.
struct Counters {
  std::uint64_t frames_in = 0, frames_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t streams_opened = 0, streams_accepted = 0, streams_refused = 0;
  std::uint64_t resets_in = 0, resets_out = 0;
  std::uint64_t pings_in = 0, idle_frames_in = 0;  ///< idle: frames without effect, docs/protocol.md "Rates"
  std::uint64_t resumptions = 0, frames_replayed = 0;

  Counters& operator+=(const Counters& other);
};

}  // namespace tsmtp::mux
