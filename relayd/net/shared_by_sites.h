// What all sites of a hub share. Made once by daemon/, borrowed by everything in net/, outlives it.
#pragma once

#include <functional>
#include <memory>

#include "relayd/base/byte_budget.h"
#include "relayd/base/keyed_digest.h"
#include "relayd/mail/recent_mails.h"
#include "relayd/mail/summary.h"
#include "relayd/net/forward/shared_by_forwards.h"
#include "relayd/net/io/shortage.h"
#include "relayd/net/ledger/earlier_commits.h"
#include "relayd/net/ledger/shared_doubts.h"
#include "relayd/net/ledger/site_outcomes.h"
#include "relayd/net/ledger/transaction_ledger.h"
#include "relayd/net/link/shared_by_links.h"
#include "relayd/net/mta/mta_neighbours.h"
#include "relayd/net/witness/witness.h"

namespace tsmtp::net {

struct SharedBySites : SharedByLinks {
  const SharedByForwards& forwards;
  TransactionLedger& ledger;
  const base::DigestMaker& digests;
  MtaNeighbours& mta_neighbours;
  Witness* witness = nullptr;               ///< null: there is none
  const EarlierCommits* earlier = nullptr;  ///< null: there are none
  /// Of envelopes and verdicts of all sites' mails under way.
  std::shared_ptr<base::ByteBudget> mail_memory = std::make_shared<base::ByteBudget>(256UL * 1024 * 1024);
  /// That transaction's end of content is with our MTA, for whatever site: a reload may have moved its key,
  /// or have removed its site. May be empty.
  std::function<bool(const std::string& transaction)> is_committing{};
  /// Whether another relayd of this hub, from which this one takes over, may be committing that transaction.
  /// If not, it never will. May be empty.
  std::function<bool(const std::string& transaction)> may_other_commit{};
  Shortages* shortages = nullptr;             ///< null: nobody wants to know
  SharedDoubts* shared_doubts = nullptr;      ///< null: doubts are this hub's own
  SiteOutcomes* outcomes = nullptr;           ///< null: this hub alone knows how mails ended
  const mail::RecentMails* recent = nullptr;  ///< null: no mail is remembered when it is over
  std::function<void(const mail::Summary&)>
      ended{};  ///< told of every transaction that is over; may be empty
};

}  // namespace tsmtp::net
