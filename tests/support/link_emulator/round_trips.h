// How many round trips a dialogue needed, counted in packets instead of seconds, so that a slow machine does
// not show: the longest chain "near sent payload, far had it and then sent payload, near had it and then
// sent payload, …". Who has to wait for an answer n times makes a chain of n; how long anybody took to answer
// is no matter. Packets without payload (acknowledgements of TCP) count for nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/support/link_emulator/one_way.h"

namespace tsmtp::support::emulator {

/// Bytes of TCP or UDP payload in an IPv4 packet; 0 for anything else.
[[nodiscard]] std::size_t payload_bytes(std::string_view packet);

/// Told of every packet with payload: when it enters the link at one end, and when it leaves it at the other.
class RoundTrips {
 public:
  void near_sends(Time now);
  void far_receives(Time entered);
  void far_sends(Time now);
  void near_receives(Time entered);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  void reset() { *this = {}; }

 private:
  enum class Awaits { kQuestion, kItsArrival, kAnswer, kItsReturn };
  Awaits awaits_ = Awaits::kQuestion;
  Time
      sent_{};  // the question or the answer under way; what entered later does as well, for that may be lost
  std::uint64_t count_ = 0;
};

}  // namespace tsmtp::support::emulator
