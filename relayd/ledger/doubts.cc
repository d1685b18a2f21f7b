#include "relayd/ledger/doubts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::ledger {

std::vector<std::string> Doubts::restore(const std::vector<Entry>& rows) {
  std::vector<std::string> problems;
  std::vector<std::pair<DoubtKey, Doubt>> found;
  for (const Entry& entry : rows) {
    auto row = decode_doubt(entry);
    if (!row) {
      problems.push_back("skipped a row of the table of doubts that cannot be read, key " +
                         base::hex(entry.key));
      continue;
    }
    found.emplace_back(doubt_key_of(entry.key), doubt_of(std::move(*row), State::kMatchable));
  }
  // Rows come in the order of their random keys; claim() promises the oldest.
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return a.second.row.recorded < b.second.row.recorded;
  });
  for (auto& [key, doubt] : found)
    table_.insert(key, std::move(doubt));
  return problems;
}

void Doubts::other_recorded(const Entry& entry) {
  auto row = decode_doubt(entry);
  if (!row) return;
  const DoubtKey key = doubt_key_of(entry.key);
  Doubt doubt = doubt_of(std::move(*row), State::kUnderWay);
  doubt.is_elsewhere = true;
  const auto known = table_.find(key);
  if (known != table_.end()) {  // written anew, with more about its hub
    doubt.state = known->second.state;
    doubt.is_elsewhere = known->second.is_elsewhere;
    erase(known);
  }
  table_.insert(key, std::move(doubt));
}

void Doubts::other_claimed(const DoubtKey& key) {
  const auto known = table_.find(key);
  if (known == table_.end()) return;
  table_.change(known, [](Doubt& doubt) {
    doubt.state = State::kClaimed;
    doubt.is_elsewhere = true;
  });
}

void Doubts::other_erased(const std::string& row_key) {
  const auto doubt = table_.find(doubt_key_of(row_key));
  if (doubt != table_.end()) erase(doubt);
}

void Doubts::other_ended() {
  for (auto doubt = table_.begin(); doubt != table_.end(); ++doubt)
    if (doubt->second.is_elsewhere) mark(doubt);
}

std::vector<std::uint16_t> Doubts::indices_of(const std::string& transaction) const {
  std::vector<std::uint16_t> indices;
  for (const auto& [key, doubt] : table_.of_transaction(transaction))
    indices.push_back(key.index);
  return indices;
}

void Doubts::each_row(
    const std::function<void(const Change& row, const DoubtKey& key, bool is_busy)>& visit) const {
  std::vector<DoubtTable::Iterator> oldest_first;
  for (auto doubt = table_.begin(); doubt != table_.end(); ++doubt)
    if (doubt->second.hub.empty()) oldest_first.push_back(doubt);
  std::stable_sort(oldest_first.begin(), oldest_first.end(), [](const auto& a, const auto& b) {
    return a->second.row.recorded < b->second.row.recorded;
  });
  for (const auto& entry : oldest_first) {
    const auto& [key, doubt] = *entry;
    visit(writing_of(key, doubt.row), key, doubt.state != State::kMatchable);
  }
}

void Doubts::set_sites(const Owners::Sites& sites) {
  owners_.set(sites);
  for (auto known = table_.begin(); known != table_.end(); ++known)
    table_.change(known,
                  [this](Doubt& doubt) { doubt.site = owners_.owner(doubt.row.site, doubt.row.place.pin); });
}

std::vector<Change> Doubts::record(const std::string& transaction, const std::string& site,
                                   const std::vector<DoubtfulRecipient>& recipients, base::WallTime now,
                                   const Client& client, const DoubtPlace& place) {
  std::vector<Change> changes;
  DoubtPlace known = place;
  if (known.pin.size() != kPinBytes) known.pin = owners_.pin_of(site);
  for (const DoubtfulRecipient& recipient : recipients) {
    const DoubtKey key{.transaction = transaction, .index = recipient.index};
    DoubtRow row{.mail = recipient.mail,
                 .address = recipient.address,
                 .client = client,
                 .place = known,
                 .site = site,
                 .recorded = now};
    changes.push_back(writing_of(key, row));
    table_.insert(key, doubt_of(std::move(row), State::kUnderWay));
  }
  return changes;
}

void Doubts::add_foreign(const std::string& site, const ForeignDoubt& foreign) {
  Doubt doubt = doubt_of({.mail = foreign.mail,
                          .address = foreign.address,
                          .place = foreign.place,
                          .site = site,
                          .recorded = foreign.recorded},
                         State::kMatchable);
  doubt.site = owners_.owner(site, owners_.pin_of(site));
  doubt.hub = foreign.hub;
  doubt.is_part = !foreign.is_alone;
  table_.insert(foreign.key, std::move(doubt));
}

void Doubts::mark_in_doubt(const std::string& transaction) {
  const auto [begin, end] = table_.of_transaction(transaction).ends;
  for (auto doubt = begin; doubt != end; ++doubt)
    mark(doubt);
}

void Doubts::mark_in_doubt(const DoubtKey& key) {
  const auto doubt = table_.find(key);
  if (doubt != table_.end()) mark(doubt);
}

std::optional<DoubtKey> Doubts::claim(const std::string& site, const std::string& mail) {
  for (const auto& [digest, known] : table_.with_mail(mail)) {
    const Doubt& doubt = known->second;
    // Of the other relayd's, nobody here knows in time that its client has gone: the same mail is a second
    // try.
    const bool is_left =
        doubt.state == State::kMatchable || (doubt.state == State::kUnderWay && doubt.is_elsewhere);
    if (!is_left || !doubt.is_of(site)) continue;
    table_.change(known, [](Doubt& claimed) {
      claimed.state = State::kClaimed;
      claimed.is_elsewhere = false;
    });
    return known->first;
  }
  return std::nullopt;
}

std::set<std::string> Doubts::transactions_with(const std::string& site, const std::string& address) const {
  std::set<std::string> transactions;
  for (const auto& [digest, known] : table_.with_address(address)) {
    const auto& [key, doubt] = *known;
    if (doubt.state != State::kUnderWay && doubt.is_of(site)) transactions.insert(key.transaction);
  }
  return transactions;
}

bool Doubts::is_in_doubt(const std::string& site, const std::string& address) const {
  const auto found = table_.with_address(address);
  return std::any_of(found.begin(), found.end(), [&](const auto& entry) {
    const Doubt& doubt = entry.second->second;
    return doubt.state != State::kUnderWay && doubt.is_of(site);
  });
}

// Asked for each client and each mail, however many there are.
bool Doubts::is_anybody_in_doubt(const std::string& site) const {
  return table_.has_matchable_of(site) || table_.has_matchable_of("");
}

void Doubts::must_go_alone(const DoubtKey& key, base::WallTime until) {
  const auto known = table_.find(key);
  if (known == table_.end()) return;
  table_.change(known, [until](Doubt& doubt) { doubt.goes_alone_until = until; });
}

std::set<std::string> Doubts::transactions_to_split(const std::string& site, const std::string& address,
                                                    base::WallTime now) const {
  std::set<std::string> transactions;
  for (const auto& [digest, known] : table_.with_address(address)) {
    const auto& [key, doubt] = *known;
    if (doubt.goes_alone_until > now && doubt.state != State::kUnderWay && doubt.is_of(site))
      transactions.insert(key.transaction);
  }
  return transactions;
}

std::optional<std::string> Doubts::next_to_ask(const std::string& site, const std::string& after,
                                               base::WallTime before, base::WallTime now,
                                               const MayBeAsked& may_be_asked) const {
  const auto found = std::find_if(table_.behind(after), table_.end(), [&](const auto& entry) {
    const Doubt& doubt = entry.second;
    return doubt.state == State::kMatchable && !doubt.is_known && doubt.site == site &&
           (doubt.row.recorded < before || doubt.row.recorded > now) &&
           (!may_be_asked || may_be_asked(doubt.row.place));
  });
  return found == table_.end() ? std::nullopt : std::optional(found->first.transaction);
}

std::vector<Change> Doubts::name_hubs(const std::string& site,
                                      const std::map<std::string, std::string>& hub_of_pin) {
  std::vector<Change> changes;
  for (auto known = table_.begin(); known != table_.end(); ++known) {
    const auto& [key, doubt] = *known;
    const auto hub = hub_of_pin.find(doubt.row.place.pin);
    if (doubt.site != site || !doubt.row.place.hub.empty() || hub == hub_of_pin.end()) continue;
    table_.change(known, [&hub](Doubt& named) { named.row.place.hub = hub->second; });
    if (!doubt.hub.empty()) continue;  // another hub of ours has the row
    changes.push_back(writing_of(key, doubt.row));
  }
  return changes;
}

std::optional<DoubtPlace> Doubts::place_of(const std::string& transaction) const {
  const auto found = table_.of_transaction(transaction);
  if (found.empty()) return std::nullopt;
  return found.begin()->second.row.place;
}

std::vector<Change> Doubts::was_delivered(const std::string& transaction,
                                          const std::vector<std::uint16_t>& refused) {
  const auto [begin, end] = table_.of_transaction(transaction).ends;
  for (auto known = begin; known != end; ++known)
    table_.change(known, [](Doubt& doubt) { doubt.is_known = doubt.state != State::kUnderWay; });
  return erase_if(begin, end, [&](const DoubtKey& key, const Doubt& doubt) {
    return doubt.state == State::kMatchable && std::binary_search(refused.begin(), refused.end(), key.index);
  });
}

std::vector<Change> Doubts::was_not_delivered(const std::string& transaction) {
  const auto [begin, end] = table_.of_transaction(transaction).ends;
  return erase_if(begin, end,
                  [](const DoubtKey&, const Doubt& doubt) { return doubt.state == State::kMatchable; });
}

std::vector<Change> Doubts::settle(const std::string& transaction) {
  const auto [begin, end] = table_.of_transaction(transaction).ends;
  return erase_if(begin, end, [](const DoubtKey&, const Doubt&) { return true; });
}

Change Doubts::settle(const DoubtKey& key) {
  const auto doubt = table_.find(key);
  if (doubt != table_.end()) erase(doubt);
  return erasure_of(key);
}

bool Doubts::contains(const std::string& transaction) const {
  return !table_.of_transaction(transaction).empty();
}

bool Doubts::is_all_here(const std::string& transaction) const {
  const auto found = table_.of_transaction(transaction);
  return found.empty() || !found.begin()->second.is_part;
}

std::vector<Change> Doubts::expire(base::WallTime before) {
  return erase_if(table_.begin(), table_.end(), [&](const DoubtKey&, const Doubt& doubt) {
    return doubt.state == State::kMatchable && doubt.row.recorded < before;
  });
}

std::vector<Change> Doubts::expire_known(const std::string& site, base::WallTime before) {
  return erase_if(table_.begin(), table_.end(), [&](const DoubtKey&, const Doubt& doubt) {
    return doubt.is_known && doubt.state == State::kMatchable && doubt.site == site &&
           doubt.row.recorded < before;
  });
}

// The one place where what is written becomes what is remembered.
Doubt Doubts::doubt_of(DoubtRow row, State state) const {
  std::string owner = owners_.owner(row.site, row.place.pin);
  return {.state = state, .site = std::move(owner), .row = std::move(row)};
}

void Doubts::mark(DoubtTable::Iterator doubt) {
  table_.change(doubt, [](Doubt& marked) {
    marked.state = State::kMatchable;
    marked.is_elsewhere = false;
  });
}

DoubtTable::Iterator Doubts::erase(DoubtTable::Iterator doubt) {
  if (erased_) erased_(doubt->first, doubt->second.row.site, doubt->second.row.mail);
  return table_.erase(doubt);
}

template <typename Predicate>
std::vector<Change> Doubts::erase_if(DoubtTable::Iterator begin, DoubtTable::Iterator end,
                                     Predicate predicate) {
  std::vector<Change> changes;
  for (auto doubt = begin; doubt != end;) {
    if (predicate(doubt->first, doubt->second)) {
      changes.push_back(erasure_of(doubt->first));
      doubt = erase(doubt);
    } else {
      ++doubt;
    }
  }
  return changes;
}

}  // namespace tsmtp::ledger
