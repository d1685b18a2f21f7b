// Which streams go before which: those of the first service before all others, whatever the others do. Each
// kind has turns, windows and rates of its own, so that what is done with one is not paid for by the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "relayd/mux/stream_id.h"

namespace tsmtp::mux {

enum class Precedence : std::uint8_t { kFirst, kOther };

inline constexpr std::array kPrecedences{Precedence::kFirst, Precedence::kOther};

[[nodiscard]] constexpr Precedence precedence_of(Service service) {
  return service == kFirstService ? Precedence::kFirst : Precedence::kOther;
}

/// One for each.
template <typename T>
struct PerPrecedence {
  T first;
  T other;

  [[nodiscard]] T& operator[](Precedence precedence) {
    return precedence == Precedence::kFirst ? first : other;
  }
  [[nodiscard]] const T& operator[](Precedence precedence) const {
    return precedence == Precedence::kFirst ? first : other;
  }
};

/// How many of max_streams may be of that precedence at once: others leave half to the first.
[[nodiscard]] constexpr std::uint32_t max_streams_of(Precedence precedence, std::uint32_t max_streams) {
  return precedence == Precedence::kFirst ? max_streams : max_streams / 2;
}

}  // namespace tsmtp::mux
