#include "relayd/mux/counters.h"

namespace tsmtp::mux {

Counters& Counters::operator+=(const Counters& other) {
  frames_in += other.frames_in;
  frames_out += other.frames_out;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  streams_opened += other.streams_opened;
  streams_accepted += other.streams_accepted;
  streams_refused += other.streams_refused;
  resets_in += other.resets_in;
  resets_out += other.resets_out;
  pings_in += other.pings_in;
  idle_frames_in += other.idle_frames_in;
  resumptions += other.resumptions;
  frames_replayed += other.frames_replayed;
  return *this;
}

}  // namespace tsmtp::mux
