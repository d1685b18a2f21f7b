// What all sites of a hub share. Made once by daemon/, borrowed by everything in net/, outlives it.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>

#include "relayd/base/byte_budget.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/base/log.h"
#include "relayd/mail/summary.h"
#include "relayd/net/earlier_commits.h"
#include "relayd/net/mta_neighbours.h"
#include "relayd/net/shortage.h"
#include "relayd/net/tls_context.h"
#include "relayd/net/transaction_ledger.h"
#include "relayd/net/witness.h"

namespace tsmtp::net {

struct Services {
  boost::asio::any_io_executor executor;
  std::string hub_name;
  std::string own_pin;   ///< 32 raw bytes
  std::string instance;  ///< 16 random bytes, new at each start
  const TlsContext& tls;
  TransactionLedger& ledger;
  const base::DigestMaker& digests;
  base::Logger& log;
  MtaNeighbours& mta_neighbours;
  Witness* witness = nullptr;               ///< null: there is none
  const EarlierCommits* earlier = nullptr;  ///< null: there are none
  /// Of envelopes and verdicts of all sites' mails under way.
  std::shared_ptr<base::ByteBudget> mail_memory = std::make_shared<base::ByteBudget>(256UL * 1024 * 1024);
  Shortages* shortages = nullptr;  ///< null: nobody wants to know
  std::function<void(const mail::Summary&)>
      ended{};  ///< told of every transaction that is over; may be empty
};

}  // namespace tsmtp::net
