// Records a doubt where it must stand before the end of content goes out: on this disk, and in etcd for the
// other hubs of our site, both at once.
#pragma once

#include <string>
#include <vector>

#include "relayd/net/ledger/shared_doubts.h"
#include "relayd/net/ledger/transaction_ledger.h"

namespace tsmtp::net {

struct DoubtToRecord {
  const std::string& site;
  const std::string& transaction;
  const std::vector<ledger::DoubtfulRecipient>& recipients;
  const ledger::DoubtPlace& place;
};

/// All is borrowed; the ledgers outlive the recording.
struct BothLedgers {
  TransactionLedger& ledger;
  const ledger::Client& client;
  SharedDoubts& shared;
};

/// `done` is called from the event loop when both have answered, with what is worse.
void record_in_both(const DoubtToRecord& doubt, const BothLedgers& ledgers, SharedDoubts::Done done);

}  // namespace tsmtp::net
