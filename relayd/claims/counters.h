// What is counted of the outcomes that the hubs of a site share, and how it is told: a counter is a member
// and a row here, and its line in daemon::SiteLedger::status().
#pragma once

#include <array>
#include <cstdint>

#include "relayd/base/counter_row.h"

namespace tsmtp::claims {

struct Counters {
  std::uint64_t open = 0;          ///< claims of mails under way at this hub
  std::uint64_t waiting = 0;       ///< mails of the site that wait for a hub that is lost
  std::uint64_t to_write = 0;      ///< what etcd has not taken yet
  std::uint64_t without_etcd = 0;  ///< mails that went on without a claim, since the start
  std::uint64_t resent = 0;        ///< possible duplicates, since the start
};

using CounterRow = base::CounterRow<Counters>;
inline constexpr std::array kCounterRows{
    CounterRow{.value = &Counters::open,
               .name = "claims",
               .sentence = "how many mails this hub has claimed and not ended",
               .metric = "tsmtp_claims",
               .help = "Mails that this hub has claimed and not ended."},
    CounterRow{
        .value = &Counters::waiting,
        .name = "waiting",
        .sentence = "how many mails of the site wait for a hub that is lost or cannot tell how they ended",
        .words = ", {} waiting for a lost hub (see relayctl claims)",
        .metric = "tsmtp_claims_waiting",
        .help = "Mails of the site that wait for a hub that is lost or cannot tell how they ended."},
    CounterRow{.value = &Counters::to_write,
               .name = "to_write",
               .sentence = "how many changes etcd has not taken yet",
               .words = ", {} still to write"},
    CounterRow{.value = &Counters::without_etcd,
               .name = "without_etcd",
               .sentence = "how many mails went on without etcd since the start",
               .words = ", {} mails went on without it",
               .metric = "tsmtp_mails_without_etcd_total",
               .help = "Mails that went on while etcd did not answer."},
    CounterRow{.value = &Counters::resent,
               .name = "resent",
               .sentence = "how many mails were delivered anew since the start though a lost hub may have "
                           "delivered them",
               .words = ", {} POSSIBLE DUPLICATES",
               .metric = "tsmtp_possible_duplicates_total",
               .help = "Mails delivered anew though a lost hub may have delivered them."},
};
static_assert(sizeof(Counters) == kCounterRows.size() * sizeof(std::uint64_t), "every counter has a row");

}  // namespace tsmtp::claims
