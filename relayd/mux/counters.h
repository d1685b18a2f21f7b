// The counters of a session, and how they are told: a counter is a member and a row here, and the line that
// counts.
#pragma once

#include <array>
#include <cstdint>

#include "relayd/base/counter_row.h"

namespace tsmtp::mux {

struct Counters {
  std::uint64_t frames_in = 0, frames_out = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t opens_in = 0, streams_opened = 0, streams_accepted = 0, streams_refused = 0;
  std::uint64_t resets_in = 0, resets_out = 0;
  std::uint64_t pings_in = 0, idle_frames_in = 0;  ///< idle: frames without effect, docs/protocol.md "Rates"
  std::uint64_t resumptions = 0, frames_replayed = 0;

  Counters& operator+=(const Counters& other);
};

using CounterRow = base::CounterRow<Counters>;

inline constexpr std::array kCounterRows{
    CounterRow{&Counters::frames_in},
    CounterRow{&Counters::frames_out},
    CounterRow{&Counters::bytes_in},
    CounterRow{&Counters::bytes_out},
    CounterRow{&Counters::streams_opened},
    CounterRow{&Counters::streams_accepted},
    CounterRow{&Counters::streams_refused},
    CounterRow{&Counters::resumptions},
    CounterRow{&Counters::opens_in, "opens_in", "mails and connections that the site began"},
    CounterRow{&Counters::resets_in, "resets_in", "mails and connections that the site gave up"},
    CounterRow{&Counters::resets_out, "resets_out", "mails and connections that we gave up"},
    CounterRow{&Counters::pings_in, "pings_in", "signs of life that the site asked for"},
    CounterRow{&Counters::idle_frames_in, "idle_in", "without effect"},
    CounterRow{&Counters::frames_replayed, "replayed", "sent again after an interruption"},
};
static_assert(sizeof(Counters) == kCounterRows.size() * sizeof(std::uint64_t), "every counter has a row");

}  // namespace tsmtp::mux
