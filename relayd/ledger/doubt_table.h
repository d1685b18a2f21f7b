// All recipients in doubt: found by transaction and by digest, and counted by site and client. What may
// become of one is for Doubts to say.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "relayd/ledger/client.h"
#include "relayd/ledger/doubt.h"

namespace tsmtp::ledger {

class DoubtTable {
 public:
  using ByKey = std::map<DoubtKey, Doubt>;
  using Iterator = ByKey::const_iterator;
  /// Of all sites, oldest first; digests lie in the Doubt.
  using ByDigest = std::multimap<std::string_view, Iterator>;
  template <typename Iterator>
  struct Range {
    std::pair<Iterator, Iterator> ends;
    [[nodiscard]] Iterator begin() const { return ends.first; }
    [[nodiscard]] Iterator end() const { return ends.second; }
    [[nodiscard]] bool empty() const { return ends.first == ends.second; }
  };

  DoubtTable() = default;
  DoubtTable(const DoubtTable&) = delete;
  DoubtTable& operator=(const DoubtTable&) = delete;

  /// Without effect if the key is here.
  void insert(const DoubtKey& key, Doubt doubt);
  /// The one behind it.
  Iterator erase(Iterator doubt);
  /// The only way to change one: `how` is called with it, and leaves its digests as they are.
  template <typename How>
  void change(Iterator doubt, How how) {
    Doubt& changed = doubts_.erase(doubt, doubt)->second;
    discount(changed);
    how(changed);
    count(changed);
  }

  [[nodiscard]] Iterator begin() const { return doubts_.begin(); }
  [[nodiscard]] Iterator end() const { return doubts_.end(); }
  [[nodiscard]] Iterator find(const DoubtKey& key) const { return doubts_.find(key); }
  /// The first of the transaction that follows.
  [[nodiscard]] Iterator behind(const std::string& transaction) const;
  [[nodiscard]] Range<Iterator> of_transaction(const std::string& transaction) const;
  [[nodiscard]] Range<ByDigest::const_iterator> with_mail(const std::string& digest) const;
  [[nodiscard]] Range<ByDigest::const_iterator> with_address(const std::string& digest) const;

  // Recipients; of nobody's, `site` is empty.
  [[nodiscard]] std::size_t size() const { return doubts_.size(); }
  [[nodiscard]] std::size_t of_site(const std::string& site) const;
  [[nodiscard]] std::size_t of_client(const std::string& site, const Client& client) const;
  /// Whether any is matchable or claimed.
  [[nodiscard]] bool has_matchable_of(const std::string& site) const { return in_doubt_.contains(site); }

 private:
  void count(const Doubt& doubt);
  void discount(const Doubt& doubt);

  ByKey doubts_;
  ByDigest by_mail_;
  ByDigest by_address_;
  std::map<std::pair<std::string, Client>, std::size_t> of_clients_;
  std::map<std::string, std::size_t> of_sites_;
  std::map<std::string, std::size_t> in_doubt_;  // of those, matchable or claimed
};

}  // namespace tsmtp::ledger
