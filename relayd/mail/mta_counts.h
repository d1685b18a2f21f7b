// How many connections to our MTA there are for the mail of one site, by state, and how they are told.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>
#include <optional>

#include "relayd/base/counter_row.h"

namespace tsmtp::mail {

/// A state is a member and a row here, and its line in MtaSlots::counts().
struct MtaConnectionCounters {
  std::uint64_t in_use = 0;  ///< those included that were given up and not yet answered
  std::uint64_t idle = 0;    ///< kept for the next mail
  std::uint64_t opening = 0;
  std::uint64_t closing = 0;
};

using MtaConnectionRow = base::CounterRow<MtaConnectionCounters>;
inline constexpr std::array kMtaConnectionRows{
    MtaConnectionRow{.value = &MtaConnectionCounters::in_use,
                     .name = "in_use",
                     .sentence = "those with a mail, or given up and not yet answered",
                     .metric = "tsmtp_mta_connections",
                     .label = "state=\"in_use\"",
                     .help = "Connections to our MTA for mail from the site, by state."},
    MtaConnectionRow{.value = &MtaConnectionCounters::idle,
                     .name = "idle",
                     .sentence = "those kept for the next mail",
                     .metric = "tsmtp_mta_connections",
                     .label = "state=\"idle\""},
    MtaConnectionRow{.value = &MtaConnectionCounters::opening,
                     .name = "opening",
                     .sentence = "those that are being opened",
                     .words = ", {} opening"},
    MtaConnectionRow{.value = &MtaConnectionCounters::closing,
                     .name = "closing",
                     .sentence = "those that are being closed",
                     .words = ", {} closing"},
};
static_assert(sizeof(MtaConnectionCounters) == kMtaConnectionRows.size() * sizeof(std::uint64_t),
              "every counter has a row");

struct MtaCounts {
  MtaConnectionCounters connections;
  std::uint64_t waiting = 0;            ///< transactions that wait for one
  std::optional<std::uint64_t> learnt;  ///< the MTA takes no more connections; nothing while it refused none

  [[nodiscard]] std::uint64_t all() const {
    return std::accumulate(
        kMtaConnectionRows.begin(), kMtaConnectionRows.end(), std::uint64_t{0},
        [this](std::uint64_t sum, const auto& row) { return sum + connections.*row.value; });
  }
  [[nodiscard]] std::uint64_t serving() const { return all() - connections.opening; }
};

}  // namespace tsmtp::mail
