// The link: two ends, packets that pass between them as the conditions say, and what was seen of them.
#pragma once

#include <cstdio>
#include <string>

#include "tests/support/link_emulator/one_way.h"
#include "tests/support/link_emulator/round_trips.h"
#include "tests/support/link_emulator/tunnel_device.h"

namespace tsmtp::support::emulator {

inline constexpr char kNearAddress[] = "10.99.0.1";
inline constexpr char kFarAddress[] = "10.99.0.2";

class Emulator {
 public:
  /// `log` (or nullptr) is borrowed; it gets a line for every packet that came out: when it entered and left
  /// in nanoseconds, ">" from near to far or "<", its bytes, and those of its payload.
  Emulator(std::uint64_t seed, std::FILE* log) : there_(seed), back_(seed + 1), log_(log) {}

  void set_conditions(const Conditions& conditions);
  /// Takes in what waits at both ends, and lets out what is due.
  void move_packets();
  [[nodiscard]] std::optional<Time> next_due() const;
  /// One line: packets, bytes and losses each way, and the round trips.
  [[nodiscard]] std::string counts() const;
  /// Begins to count round trips anew.
  void reset_round_trips() { round_trips_.reset(); }

  [[nodiscard]] const TunnelDevice& near() const { return near_; }
  [[nodiscard]] const TunnelDevice& far() const { return far_; }

 private:
  void take_in();
  void let_out();
  void let_out_there(const Packet& packet);
  void let_out_back(const Packet& packet);
  void write_log(const Packet& packet, char direction, std::size_t payload) const;

  TunnelDevice near_{kNearAddress};
  TunnelDevice far_{kFarAddress};
  OneWay there_;
  OneWay back_;
  RoundTrips round_trips_;
  std::FILE* log_;
};

}  // namespace tsmtp::support::emulator
