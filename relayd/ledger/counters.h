// What the ledger counts, and how it is told: a counter is a member and a row here, and its line in
// net::TransactionLedger::counters().
#pragma once

#include <array>
#include <cstdint>

#include "relayd/base/counter_row.h"

namespace tsmtp::ledger {

struct Counters {
  std::uint64_t failures = 0;  ///< writes that failed since relayd started
  std::uint64_t doubts = 0;    ///< recipients in doubt, those of mails under way included
  std::uint64_t outcomes = 0;  ///< kept for other hubs
};

using CounterRow = base::CounterRow<Counters>;
inline constexpr std::array kCounterRows{
    CounterRow{.value = &Counters::failures,
               .name = "failures",
               .sentence = "how many writes have failed",
               .metric = "tsmtp_ledger_failures_total",
               .help = "Writes to the ledger that failed."},
    CounterRow{.value = &Counters::doubts, .name = "doubts", .sentence = "how many recipients are in doubt"},
    CounterRow{.value = &Counters::outcomes,
               .name = "outcomes",
               .sentence = "how many outcomes are kept for other hubs"},
};
static_assert(sizeof(Counters) == kCounterRows.size() * sizeof(std::uint64_t), "every counter has a row");

}  // namespace tsmtp::ledger
