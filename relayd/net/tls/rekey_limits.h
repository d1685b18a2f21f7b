// How much, and for how long, one set of TLS keys may be used.
#pragma once

#include <chrono>
#include <cstdint>

namespace tsmtp::net {

/// When the keys of a connection are replaced: after so many bytes in one direction, or so much time.
struct RekeyLimits {
  std::uint64_t bytes = std::uint64_t{1} << 30;
  std::chrono::seconds time{3600};

  friend bool operator==(const RekeyLimits&, const RekeyLimits&) = default;
};

}  // namespace tsmtp::net
