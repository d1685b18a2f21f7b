// A counter is told by one row beside the struct that it is a member of: `relayctl status` in all
// its forms, the metrics and relayctl(8) are made from the rows. A new counter is a member and a row, and
// nothing elsewhere.
#pragma once

#include <cstdint>
#include <string_view>

namespace tsmtp::base {

template <typename Counters>
struct CounterRow {
  std::uint64_t Counters::*value;
  std::string_view name{};      ///< in JSON; empty: a field of its own tells it, or none
  std::string_view sentence{};  ///< in relayctl(8), as mdoc(7)
  std::string_view words{};     ///< in the text, with {} for the number; said unless that is 0
  std::string_view metric{};    ///< rows of the same name are samples of one metric; empty: it is in none
  std::string_view label{};     ///< of the sample, "result=\"ok\""; empty: it is the only one
  std::string_view help{};      ///< of the metric; the first row of it says it
};

}  // namespace tsmtp::base
