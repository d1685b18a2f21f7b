#include "relayd/ledger/doubt_table.h"

#include <algorithm>

namespace tsmtp::ledger {

void DoubtTable::insert(const DoubtKey& key, Doubt doubt) {
  const auto [inserted, is_new] = doubts_.emplace(key, std::move(doubt));
  if (!is_new) return;
  count(inserted->second);
  by_mail_.emplace(inserted->second.row.mail, inserted);
  by_address_.emplace(inserted->second.row.address, inserted);
}

DoubtTable::Iterator DoubtTable::erase(Iterator doubt) {
  const auto erase_from = [&](ByDigest& index, const std::string& digest) {
    const auto [begin, end] = index.equal_range(digest);
    const auto entry = std::find_if(begin, end, [&](const auto& e) { return e.second == doubt; });
    if (entry != end) index.erase(entry);
  };
  discount(doubt->second);
  erase_from(by_mail_, doubt->second.row.mail);
  erase_from(by_address_, doubt->second.row.address);
  return doubts_.erase(doubt);
}

DoubtTable::Iterator DoubtTable::behind(const std::string& transaction) const {
  constexpr std::uint16_t kLastIndex = ~std::uint16_t{0};
  return doubts_.upper_bound({.transaction = transaction, .index = kLastIndex});
}

DoubtTable::Range<DoubtTable::Iterator> DoubtTable::of_transaction(const std::string& transaction) const {
  return {{doubts_.lower_bound({.transaction = transaction, .index = 0}), behind(transaction)}};
}

DoubtTable::Range<DoubtTable::ByDigest::const_iterator> DoubtTable::with_mail(
    const std::string& digest) const {
  return {by_mail_.equal_range(digest)};
}

DoubtTable::Range<DoubtTable::ByDigest::const_iterator> DoubtTable::with_address(
    const std::string& digest) const {
  return {by_address_.equal_range(digest)};
}

std::size_t DoubtTable::of_site(const std::string& site) const {
  const auto found = of_sites_.find(site);
  return found == of_sites_.end() ? 0 : found->second;
}

std::size_t DoubtTable::of_client(const std::string& site, const Client& client) const {
  const auto found = of_clients_.find({site, client});
  return found == of_clients_.end() ? 0 : found->second;
}

void DoubtTable::count(const Doubt& doubt) {
  ++of_sites_[doubt.site];
  if (doubt.state != Doubt::State::kUnderWay) ++in_doubt_[doubt.site];
  if (doubt.row.client.is_known()) ++of_clients_[{doubt.site, doubt.row.client}];
}

void DoubtTable::discount(const Doubt& doubt) {
  const auto one_less = [](auto& counts, const auto& key) {
    const auto found = counts.find(key);
    if (found != counts.end() && --found->second == 0) counts.erase(found);
  };
  one_less(of_sites_, doubt.site);
  if (doubt.state != Doubt::State::kUnderWay) one_less(in_doubt_, doubt.site);
  if (doubt.row.client.is_known()) one_less(of_clients_, std::pair(doubt.site, doubt.row.client));
}

}  // namespace tsmtp::ledger
