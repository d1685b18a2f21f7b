// One direction of an emulated link: a bottleneck with a queue, then a delay that is the same for every
// packet. No clock of its own: times are handed to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <string>

namespace tsmtp::support::emulator {

using Time = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;

/// What a link does to packets. A change holds for the packets that enter after it.
struct Conditions {
  Duration delay{};
  std::uint64_t rate_bits = 0;             ///< a second; 0: no limit
  std::uint64_t queue_bytes = 256 * 1024;  ///< waiting at the bottleneck; what comes on top is lost
  double loss = 0;                         ///< the share of packets that get lost, 0 to 1
  bool cut = false;                        ///< nothing passes, and what is under way is lost
};

struct Packet {
  std::string bytes;
  Time entered{};
  Time due{};
};

struct Counts {
  std::uint64_t packets = 0, bytes = 0, lost = 0;  ///< packets and bytes that came out; packets that did not
};

class OneWay {
 public:
  /// Which packets get lost follows from `seed` alone.
  explicit OneWay(std::uint64_t seed) : random_(seed) {}

  void set_conditions(const Conditions& conditions);
  /// Takes a packet in. False if it is lost already.
  bool enter(std::string bytes, Time now);
  /// When the next packet comes out.
  [[nodiscard]] std::optional<Time> next_due() const;
  /// The next packet, if it is due.
  [[nodiscard]] std::optional<Packet> leave(Time now);
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  Conditions conditions_;
  std::mt19937_64 random_;
  Time bottleneck_free_{};
  std::deque<Packet> under_way_;
  Counts counts_;
};

}  // namespace tsmtp::support::emulator
