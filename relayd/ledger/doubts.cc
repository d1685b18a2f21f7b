#include "relayd/ledger/doubts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/ledger/row.h"

namespace tsmtp::ledger {
namespace {

constexpr std::size_t kBothDigestsBytes = 2 * base::kDigestBytes;
constexpr std::size_t kKeyBytes = kTransactionBytes + 2;

std::string stored_key(const DoubtKey& key) {
  std::string out = key.transaction;
  base::put_u16(out, key.index);
  return out;
}

Change erasure(const DoubtKey& key) {
  return {.table = Table::kDoubts, .key = stored_key(key), .value = std::nullopt, .durable = false};
}

}  // namespace

std::vector<std::string> Doubts::restore(const std::vector<Entry>& rows) {
  std::vector<std::string> problems;
  std::vector<std::pair<DoubtKey, Doubt>> found;
  for (const Entry& entry : rows) {
    const auto row = decode_row(entry.value);
    const bool readable = row && entry.key.size() == kKeyBytes && row->body.size() > kBothDigestsBytes &&
                          row->body.size() <= kBothDigestsBytes + kMaxSiteBytes;
    if (!readable) {
      problems.push_back("skipped a row of the table of doubts that cannot be read, key " +
                         base::hex(entry.key));
      continue;
    }
    const std::string_view index = std::string_view(entry.key).substr(kTransactionBytes);
    found.emplace_back(
        DoubtKey{.transaction = entry.key.substr(0, kTransactionBytes), .index = base::get_u16(index)},
        Doubt{.state = State::kMatchable,
              .site = std::string(row->body.substr(kBothDigestsBytes)),
              .mail = std::string(row->body.substr(0, base::kDigestBytes)),
              .address = std::string(row->body.substr(base::kDigestBytes, base::kDigestBytes)),
              .recorded = row->recorded});
  }
  // Rows come in the order of their random keys; claim() promises the oldest.
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.second.recorded < b.second.recorded; });
  for (auto& [key, doubt] : found)
    insert(key, std::move(doubt));
  return problems;
}

std::vector<Change> Doubts::record(const std::string& transaction, const std::string& site,
                                   const std::vector<DoubtfulRecipient>& recipients, base::WallTime now,
                                   std::uint32_t user) {
  std::vector<Change> changes;
  for (const DoubtfulRecipient& recipient : recipients) {
    const DoubtKey key{.transaction = transaction, .index = recipient.index};
    insert(key, {.state = State::kUnderWay,
                 .site = site,
                 .mail = recipient.mail,
                 .address = recipient.address,
                 .recorded = now,
                 .user = user});
    changes.push_back({.table = Table::kDoubts,
                       .key = stored_key(key),
                       .value = encode_row(now, recipient.mail + recipient.address + site),
                       .durable = true});
  }
  return changes;
}

void Doubts::mark_in_doubt(const std::string& transaction) {
  for (auto doubt = first_of(transaction); doubt != doubts_.end() && doubt->first.transaction == transaction;
       ++doubt)
    doubt->second.state = State::kMatchable;
}

void Doubts::mark_in_doubt(const DoubtKey& key) {
  const auto doubt = doubts_.find(key);
  if (doubt != doubts_.end()) doubt->second.state = State::kMatchable;
}

std::optional<DoubtKey> Doubts::claim(const std::string& site, const std::string& mail) {
  const auto [begin, end] = by_mail_.equal_range(mail);
  for (auto entry = begin; entry != end; ++entry) {
    Doubt& doubt = entry->second->second;
    if (doubt.state != State::kMatchable || doubt.site != site) continue;
    doubt.state = State::kClaimed;
    return entry->second->first;
  }
  return std::nullopt;
}

std::set<std::string> Doubts::transactions_with(const std::string& site, const std::string& address) const {
  std::set<std::string> transactions;
  const auto [begin, end] = by_address_.equal_range(address);
  for (auto entry = begin; entry != end; ++entry) {
    const auto& [key, doubt] = *entry->second;
    if (doubt.state != State::kUnderWay && doubt.site == site) transactions.insert(key.transaction);
  }
  return transactions;
}

bool Doubts::is_in_doubt(const std::string& site, const std::string& address) const {
  const auto [begin, end] = by_address_.equal_range(address);
  return std::any_of(begin, end, [&](const auto& entry) {
    const Doubt& doubt = entry.second->second;
    return doubt.state != State::kUnderWay && doubt.site == site;
  });
}

bool Doubts::is_anybody_in_doubt(const std::string& site) const {
  return std::any_of(doubts_.begin(), doubts_.end(), [&](const auto& entry) {
    return entry.second.state != State::kUnderWay && entry.second.site == site;
  });
}

void Doubts::must_go_alone(const DoubtKey& key) {
  const auto doubt = doubts_.find(key);
  if (doubt != doubts_.end()) doubt->second.goes_alone = true;
}

std::set<std::string> Doubts::transactions_to_split(const std::string& site,
                                                    const std::string& address) const {
  std::set<std::string> transactions;
  const auto [begin, end] = by_address_.equal_range(address);
  for (auto entry = begin; entry != end; ++entry) {
    const auto& [key, doubt] = *entry->second;
    if (doubt.goes_alone && doubt.state != State::kUnderWay && doubt.site == site)
      transactions.insert(key.transaction);
  }
  return transactions;
}

std::size_t Doubts::of_user(const std::string& site, std::uint32_t user) const {
  const auto found = of_users_.find({site, user});
  return found == of_users_.end() ? 0 : found->second;
}

std::vector<Change> Doubts::settle(const std::string& transaction) {
  std::vector<Change> changes;
  for (auto doubt = first_of(transaction);
       doubt != doubts_.end() && doubt->first.transaction == transaction;) {
    changes.push_back(erasure(doubt->first));
    doubt = erase(doubt);
  }
  return changes;
}

Change Doubts::settle(const DoubtKey& key) {
  const auto doubt = doubts_.find(key);
  if (doubt != doubts_.end()) erase(doubt);
  return erasure(key);
}

bool Doubts::contains(const std::string& transaction) const {
  const auto doubt = doubts_.lower_bound({.transaction = transaction, .index = 0});
  return doubt != doubts_.end() && doubt->first.transaction == transaction;
}

std::vector<Change> Doubts::expire(base::WallTime before) {
  std::vector<Change> changes;
  for (auto doubt = doubts_.begin(); doubt != doubts_.end();) {
    if (doubt->second.state == State::kMatchable && doubt->second.recorded < before) {
      changes.push_back(erasure(doubt->first));
      doubt = erase(doubt);
    } else {
      ++doubt;
    }
  }
  return changes;
}

std::size_t Doubts::in_doubt(std::string_view site) const {
  std::set<std::string_view> transactions;
  for (const auto& [key, doubt] : doubts_)
    if (doubt.state != State::kUnderWay && doubt.site == site) transactions.insert(key.transaction);
  return transactions.size();
}

std::vector<MailInDoubt> Doubts::mails_in_doubt() const {
  std::vector<MailInDoubt> mails;
  for (const auto& [key, doubt] : doubts_) {
    if (doubt.state == State::kUnderWay) continue;
    if (mails.empty() || mails.back().transaction != key.transaction)
      mails.push_back({.transaction = key.transaction,
                       .site = doubt.site,
                       .recorded = doubt.recorded,
                       .user = doubt.user});
    ++mails.back().recipients;
    mails.back().is_claimed |= doubt.state == State::kClaimed;
  }
  std::stable_sort(mails.begin(), mails.end(),
                   [](const MailInDoubt& a, const MailInDoubt& b) { return a.recorded < b.recorded; });
  return mails;
}

Doubts::ByKey::iterator Doubts::first_of(const std::string& transaction) {
  return doubts_.lower_bound({.transaction = transaction, .index = 0});
}

void Doubts::insert(const DoubtKey& key, Doubt doubt) {
  const auto [inserted, is_new] = doubts_.emplace(key, std::move(doubt));
  if (!is_new) return;
  if (inserted->second.user != kNoUser) ++of_users_[{inserted->second.site, inserted->second.user}];
  by_mail_.emplace(inserted->second.mail, inserted);
  by_address_.emplace(inserted->second.address, inserted);
}

Doubts::ByKey::iterator Doubts::erase(ByKey::iterator doubt) {
  const auto erase_from = [&](ByDigest& index, const std::string& digest) {
    const auto [begin, end] = index.equal_range(digest);
    const auto entry = std::find_if(begin, end, [&](const auto& e) { return e.second == doubt; });
    if (entry != end) index.erase(entry);
  };
  if (const auto count = of_users_.find({doubt->second.site, doubt->second.user});
      count != of_users_.end() && --count->second == 0)
    of_users_.erase(count);
  erase_from(by_mail_, doubt->second.mail);
  erase_from(by_address_, doubt->second.address);
  return doubts_.erase(doubt);
}

}  // namespace tsmtp::ledger
