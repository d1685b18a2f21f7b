// The mails in doubt as an administrator sees them: one by one, and by site for status. Changes nothing.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/ledger/client.h"
#include "relayd/ledger/doubt_table.h"

namespace tsmtp::ledger {

/// A transaction in doubt.
struct MailInDoubt {
  std::string transaction;
  std::string site;       ///< as it was called then, if it is no longer configured
  std::string hub{};      ///< of our site, that recorded it; empty: this one
  std::string far_hub{};  ///< of the other site, that had it, where that has several
  base::WallTime recorded;
  Client client;
  std::size_t recipients = 0;
  bool is_claimed = false;  ///< its second try is under way
  bool is_known = false;    ///< the far side has said that it was delivered
};

/// All transactions in doubt (matchable or claimed) or known, oldest first. Those under way are not.
[[nodiscard]] std::vector<MailInDoubt> mails_in_doubt(const DoubtTable& table);

/// Of one site the transactions that are in doubt (matchable or claimed, and not known).
struct SiteInDoubt {
  std::size_t mails = 0;
  base::WallTime oldest;  ///< when the first of them was recorded
};

/// By site, whose names are borrowed from the table; those that have none are not there.
[[nodiscard]] std::map<std::string_view, SiteInDoubt> sites_in_doubt(const DoubtTable& table);

/// Recipients of transactions that other hubs of our site recorded.
[[nodiscard]] std::size_t foreign_recipients(const DoubtTable& table);

}  // namespace tsmtp::ledger
