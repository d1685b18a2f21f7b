// A place for a session in the driver: that of one lane, in one of two generations. While the sessions of a
// process leave, those of its successor begin in the other generation, so no two are ever taken for one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "relayd/link/lane_number.h"

namespace tsmtp::link {

enum class Slot : std::uint8_t {};

/// More than a link may have lanes.
inline constexpr std::size_t kSlotsOfGeneration = 128;

[[nodiscard]] constexpr Slot slot_of(LaneNumber lane, bool second_generation) {
  return static_cast<Slot>(lane.index() + (second_generation ? kSlotsOfGeneration : 0));
}

}  // namespace tsmtp::link
