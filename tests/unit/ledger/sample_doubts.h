// Mails in doubt for the tests of Doubts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relayd/ledger/doubts.h"
#include "relayd/ledger/mail_in_doubt.h"

namespace tsmtp::ledger {

inline const std::string kDigest(32, 'd');
inline const std::string kOtherDigest(32, 'e');
inline const base::WallTime kNow{std::chrono::seconds(1'000'000)};

inline const std::string kAddress(32, 'x');
inline const std::string kPin(32, 'P');
inline const std::string kOtherPin(32, 'Q');

inline std::string transaction(char name) {
  return std::string(16, name);
}

inline DoubtKey key(char name, std::uint16_t index = 0) {
  return {.transaction = transaction(name), .index = index};
}

/// One recipient with that digest.
inline std::vector<DoubtfulRecipient> one(const std::string& mail) {
  return {{.index = 0, .mail = mail, .address = kAddress}};
}

/// Three: the second was refused, so there is no doubt about it.
inline std::vector<DoubtfulRecipient> two_of_three() {
  return {{.index = 0, .mail = kDigest, .address = kAddress},
          {.index = 2, .mail = kOtherDigest, .address = std::string(32, 'y')}};
}

/// Of that site, in doubt.
inline std::size_t mails_of(const Doubts& doubts, std::string_view site) {
  const auto sites = sites_in_doubt(doubts.table());
  const auto found = sites.find(site);
  return found == sites.end() ? 0 : found->second.mails;
}

inline Entry stored(const std::vector<Change>& changes) {
  return {.key = changes.front().key, .value = changes.front().value.value_or("")};
}

}  // namespace tsmtp::ledger
