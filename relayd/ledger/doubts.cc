#include "relayd/ledger/doubts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/ledger/doubt_row.h"

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
    found.emplace_back(row->key, Doubt{.state = State::kMatchable,
                                       .name = row->site,
                                       .place = row->place,
                                       .site = owners_.owner(row->site, row->place.pin),
                                       .mail = std::move(row->mail),
                                       .address = std::move(row->address),
                                       .recorded = row->recorded,
                                       .client = std::move(row->client)});
  }
  // Rows come in the order of their random keys; claim() promises the oldest.
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.second.recorded < b.second.recorded; });
  for (auto& [key, doubt] : found)
    insert(key, std::move(doubt));
  return problems;
}

void Doubts::other_recorded(const Entry& entry) {
  auto row = decode_doubt(entry);
  if (!row) return;
  const auto known = doubts_.find(row->key);
  State state = State::kUnderWay;
  bool is_elsewhere = true;
  if (known != doubts_.end()) {  // written anew, with more about its hub
    state = known->second.state;
    is_elsewhere = known->second.is_elsewhere;
    erase(known);
  }
  insert(row->key, {.state = state,
                    .name = row->site,
                    .place = row->place,
                    .site = owners_.owner(row->site, row->place.pin),
                    .mail = std::move(row->mail),
                    .address = std::move(row->address),
                    .recorded = row->recorded,
                    .client = std::move(row->client),
                    .is_elsewhere = is_elsewhere});
}

void Doubts::other_claimed(const DoubtKey& key) {
  const auto doubt = doubts_.find(key);
  if (doubt == doubts_.end()) return;
  mark(doubt->second);
  doubt->second.state = State::kClaimed;
  doubt->second.is_elsewhere = true;
}

void Doubts::other_erased(const std::string& row_key) {
  const auto doubt = doubts_.find(doubt_key_of(row_key));
  if (doubt != doubts_.end()) erase(doubt);
}

void Doubts::other_ended() {
  for (auto& [key, doubt] : doubts_)
    if (doubt.is_elsewhere) mark(doubt);
}

std::vector<std::uint16_t> Doubts::indices_of(const std::string& transaction) const {
  std::vector<std::uint16_t> indices;
  for (auto doubt = doubts_.lower_bound({.transaction = transaction, .index = 0});
       doubt != doubts_.end() && doubt->first.transaction == transaction; ++doubt)
    indices.push_back(doubt->first.index);
  return indices;
}

void Doubts::each_row(
    const std::function<void(const Change& row, const DoubtKey& key, bool is_busy)>& visit) const {
  std::vector<const ByKey::value_type*> oldest_first;
  for (const auto& entry : doubts_)
    if (entry.second.hub.empty()) oldest_first.push_back(&entry);
  std::stable_sort(oldest_first.begin(), oldest_first.end(),
                   [](const auto* a, const auto* b) { return a->second.recorded < b->second.recorded; });
  for (const auto* const entry : oldest_first) {
    const auto& [key, doubt] = *entry;
    DoubtRow row{.key = key,
                 .mail = doubt.mail,
                 .address = doubt.address,
                 .client = doubt.client,
                 .place = doubt.place,
                 .site = doubt.name,
                 .recorded = doubt.recorded};
    row.place.pin.resize(kPinBytes);  // of version 1 there is none
    visit(writing_of(row), key, doubt.state != State::kMatchable);
  }
}

void Doubts::set_sites(const Owners::Sites& sites) {
  owners_.set(sites);
  of_clients_.clear();
  of_sites_.clear();
  in_doubt_.clear();
  for (auto& [key, doubt] : doubts_) {
    doubt.site = owners_.owner(doubt.name, doubt.place.pin);
    count(doubt);
  }
}

std::vector<Change> Doubts::record(const std::string& transaction, const std::string& site,
                                   const std::vector<DoubtfulRecipient>& recipients, base::WallTime now,
                                   const Client& client, const DoubtPlace& place) {
  std::vector<Change> changes;
  DoubtPlace known = place;
  if (known.pin.size() != kPinBytes) known.pin = owners_.pin_of(site);
  for (const DoubtfulRecipient& recipient : recipients) {
    const DoubtKey key{.transaction = transaction, .index = recipient.index};
    insert(key, {.state = State::kUnderWay,
                 .name = site,
                 .place = known,
                 .site = owners_.owner(site, known.pin),
                 .mail = recipient.mail,
                 .address = recipient.address,
                 .recorded = now,
                 .client = client});
    changes.push_back(writing_of({.key = key,
                                  .mail = recipient.mail,
                                  .address = recipient.address,
                                  .client = client,
                                  .place = known,
                                  .site = site,
                                  .recorded = now}));
  }
  return changes;
}

void Doubts::add_foreign(const std::string& site, const ForeignDoubt& doubt) {
  insert(doubt.key, {.state = State::kMatchable,
                     .name = site,
                     .place = doubt.place,
                     .site = owners_.owner(site, owners_.pin_of(site)),
                     .mail = doubt.mail,
                     .address = doubt.address,
                     .recorded = doubt.recorded,
                     .client = {},
                     .hub = doubt.hub,
                     .is_part = !doubt.is_alone});
}

void Doubts::mark_in_doubt(const std::string& transaction) {
  for (auto doubt = first_of(transaction); doubt != doubts_.end() && doubt->first.transaction == transaction;
       ++doubt)
    mark(doubt->second);
}

void Doubts::mark_in_doubt(const DoubtKey& key) {
  const auto doubt = doubts_.find(key);
  if (doubt != doubts_.end()) mark(doubt->second);
}

std::optional<DoubtKey> Doubts::claim(const std::string& site, const std::string& mail) {
  const auto [begin, end] = by_mail_.equal_range(mail);
  for (auto entry = begin; entry != end; ++entry) {
    Doubt& doubt = entry->second->second;
    // Of the other relayd's, nobody here knows in time that its client has gone: the same mail is a second
    // try.
    const bool is_left =
        doubt.state == State::kMatchable || (doubt.state == State::kUnderWay && doubt.is_elsewhere);
    if (!is_left || !doubt.is_of(site)) continue;
    mark(doubt);
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
    if (doubt.state != State::kUnderWay && doubt.is_of(site)) transactions.insert(key.transaction);
  }
  return transactions;
}

bool Doubts::is_in_doubt(const std::string& site, const std::string& address) const {
  const auto [begin, end] = by_address_.equal_range(address);
  return std::any_of(begin, end, [&](const auto& entry) {
    const Doubt& doubt = entry.second->second;
    return doubt.state != State::kUnderWay && doubt.is_of(site);
  });
}

// Asked for each client and each mail, however many there are.
bool Doubts::is_anybody_in_doubt(const std::string& site) const {
  return in_doubt_.contains(site) || in_doubt_.contains("");
}

void Doubts::must_go_alone(const DoubtKey& key, base::WallTime until) {
  const auto doubt = doubts_.find(key);
  if (doubt != doubts_.end()) doubt->second.goes_alone_until = until;
}

std::set<std::string> Doubts::transactions_to_split(const std::string& site, const std::string& address,
                                                    base::WallTime now) const {
  std::set<std::string> transactions;
  const auto [begin, end] = by_address_.equal_range(address);
  for (auto entry = begin; entry != end; ++entry) {
    const auto& [key, doubt] = *entry->second;
    if (doubt.goes_alone_until > now && doubt.state != State::kUnderWay && doubt.is_of(site))
      transactions.insert(key.transaction);
  }
  return transactions;
}

std::optional<std::string> Doubts::next_to_ask(const std::string& site, const std::string& after,
                                               base::WallTime before, base::WallTime now,
                                               const MayBeAsked& may_be_asked) const {
  constexpr std::uint16_t kLastIndex = ~std::uint16_t{0};
  const auto begin = doubts_.upper_bound({.transaction = after, .index = kLastIndex});
  const auto found = std::find_if(begin, doubts_.end(), [&](const auto& entry) {
    const Doubt& doubt = entry.second;
    return doubt.state == State::kMatchable && !doubt.is_known && doubt.site == site &&
           (doubt.recorded < before || doubt.recorded > now) && (!may_be_asked || may_be_asked(doubt.place));
  });
  return found == doubts_.end() ? std::nullopt : std::optional(found->first.transaction);
}

std::vector<Change> Doubts::name_hubs(const std::string& site,
                                      const std::map<std::string, std::string>& hub_of_pin) {
  std::vector<Change> changes;
  for (auto& [key, doubt] : doubts_) {
    const auto hub = hub_of_pin.find(doubt.place.pin);
    if (doubt.site != site || !doubt.place.hub.empty() || hub == hub_of_pin.end()) continue;
    doubt.place.hub = hub->second;
    if (!doubt.hub.empty()) continue;  // another hub of ours has the row
    changes.push_back(writing_of({.key = key,
                                  .mail = doubt.mail,
                                  .address = doubt.address,
                                  .client = doubt.client,
                                  .place = doubt.place,
                                  .site = doubt.name,
                                  .recorded = doubt.recorded}));
  }
  return changes;
}

std::optional<DoubtPlace> Doubts::place_of(const std::string& transaction) const {
  const auto doubt = doubts_.lower_bound({.transaction = transaction, .index = 0});
  if (doubt == doubts_.end() || doubt->first.transaction != transaction) return std::nullopt;
  return doubt->second.place;
}

std::vector<Change> Doubts::was_delivered(const std::string& transaction,
                                          const std::vector<std::uint16_t>& refused) {
  const auto [begin, end] = all_of(transaction);
  for (auto doubt = begin; doubt != end; ++doubt)
    doubt->second.is_known = doubt->second.state != State::kUnderWay;
  return erase_if(begin, end, [&](const DoubtKey& key, const Doubt& doubt) {
    return doubt.state == State::kMatchable && std::binary_search(refused.begin(), refused.end(), key.index);
  });
}

std::vector<Change> Doubts::was_not_delivered(const std::string& transaction) {
  const auto [begin, end] = all_of(transaction);
  return erase_if(begin, end,
                  [](const DoubtKey&, const Doubt& doubt) { return doubt.state == State::kMatchable; });
}

std::size_t Doubts::of_client(const std::string& site, const Client& client) const {
  const auto found = of_clients_.find({site, client});
  return found == of_clients_.end() ? 0 : found->second;
}

std::size_t Doubts::of_site(const std::string& site) const {
  const auto found = of_sites_.find(site);
  return found == of_sites_.end() ? 0 : found->second;
}

std::vector<Change> Doubts::settle(const std::string& transaction) {
  const auto [begin, end] = all_of(transaction);
  return erase_if(begin, end, [](const DoubtKey&, const Doubt&) { return true; });
}

Change Doubts::settle(const DoubtKey& key) {
  const auto doubt = doubts_.find(key);
  if (doubt != doubts_.end()) erase(doubt);
  return erasure_of(key);
}

bool Doubts::contains(const std::string& transaction) const {
  const auto doubt = doubts_.lower_bound({.transaction = transaction, .index = 0});
  return doubt != doubts_.end() && doubt->first.transaction == transaction;
}

bool Doubts::is_all_here(const std::string& transaction) const {
  const auto doubt = doubts_.lower_bound({.transaction = transaction, .index = 0});
  return doubt == doubts_.end() || doubt->first.transaction != transaction || !doubt->second.is_part;
}

std::vector<Change> Doubts::expire(base::WallTime before) {
  return erase_if(doubts_.begin(), doubts_.end(), [&](const DoubtKey&, const Doubt& doubt) {
    return doubt.state == State::kMatchable && doubt.recorded < before;
  });
}

std::vector<Change> Doubts::expire_known(const std::string& site, base::WallTime before) {
  return erase_if(doubts_.begin(), doubts_.end(), [&](const DoubtKey&, const Doubt& doubt) {
    return doubt.is_known && doubt.state == State::kMatchable && doubt.site == site &&
           doubt.recorded < before;
  });
}

std::map<std::string_view, Doubts::Standing> Doubts::in_doubt() const {
  std::map<std::string_view, Standing> sites;
  const std::string* last = nullptr;  // recipients of one transaction follow each other, and have one site
  for (const auto& [key, doubt] : doubts_) {
    if (doubt.state == State::kUnderWay || doubt.is_known) continue;
    Standing& site =
        sites.try_emplace(doubt.site, Standing{.mails = 0, .oldest = doubt.recorded}).first->second;
    site.oldest = std::min(site.oldest, doubt.recorded);
    if (last == nullptr || *last != key.transaction) ++site.mails;
    last = &key.transaction;
  }
  return sites;
}

std::size_t Doubts::in_doubt(std::string_view site) const {
  const auto sites = in_doubt();
  const auto found = sites.find(site);
  return found == sites.end() ? 0 : found->second.mails;
}

std::size_t Doubts::foreign() const {
  return static_cast<std::size_t>(std::count_if(doubts_.begin(), doubts_.end(),
                                                [](const auto& entry) { return !entry.second.hub.empty(); }));
}

std::size_t Doubts::of_nobody() const {
  return of_site({});
}

std::vector<MailInDoubt> Doubts::mails_in_doubt() const {
  std::vector<MailInDoubt> mails;
  for (const auto& [key, doubt] : doubts_) {
    if (doubt.state == State::kUnderWay) continue;
    if (mails.empty() || mails.back().transaction != key.transaction)
      mails.push_back({.transaction = key.transaction,
                       .site = doubt.site.empty() ? doubt.name : doubt.site,
                       .hub = doubt.hub,
                       .far_hub = doubt.place.hub,
                       .recorded = doubt.recorded,
                       .client = doubt.client,
                       .is_known = true});
    ++mails.back().recipients;
    mails.back().is_claimed |= doubt.state == State::kClaimed;
    mails.back().is_known &= doubt.is_known;
  }
  std::stable_sort(mails.begin(), mails.end(),
                   [](const MailInDoubt& a, const MailInDoubt& b) { return a.recorded < b.recorded; });
  return mails;
}

std::pair<Doubts::ByKey::iterator, Doubts::ByKey::iterator> Doubts::all_of(const std::string& transaction) {
  const auto begin = first_of(transaction);
  auto end = begin;
  while (end != doubts_.end() && end->first.transaction == transaction)
    ++end;
  return {begin, end};
}

template <typename Predicate>
std::vector<Change> Doubts::erase_if(ByKey::iterator begin, ByKey::iterator end, Predicate predicate) {
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

void Doubts::mark(Doubt& doubt) {
  discount(doubt);
  doubt.state = State::kMatchable;
  doubt.is_elsewhere = false;
  count(doubt);
}

void Doubts::count(const Doubt& doubt) {
  ++of_sites_[doubt.site];
  if (doubt.state != State::kUnderWay) ++in_doubt_[doubt.site];
  if (doubt.client.is_known()) ++of_clients_[{doubt.site, doubt.client}];
}

void Doubts::discount(const Doubt& doubt) {
  const auto one_less = [](auto& counts, const auto& key) {
    const auto found = counts.find(key);
    if (found != counts.end() && --found->second == 0) counts.erase(found);
  };
  one_less(of_sites_, doubt.site);
  if (doubt.state != State::kUnderWay) one_less(in_doubt_, doubt.site);
  if (doubt.client.is_known()) one_less(of_clients_, std::pair(doubt.site, doubt.client));
}

Doubts::ByKey::iterator Doubts::first_of(const std::string& transaction) {
  return doubts_.lower_bound({.transaction = transaction, .index = 0});
}

void Doubts::insert(const DoubtKey& key, Doubt doubt) {
  const auto [inserted, is_new] = doubts_.emplace(key, std::move(doubt));
  if (!is_new) return;
  count(inserted->second);
  by_mail_.emplace(inserted->second.mail, inserted);
  by_address_.emplace(inserted->second.address, inserted);
}

Doubts::ByKey::iterator Doubts::erase(ByKey::iterator doubt) {
  const auto erase_from = [&](ByDigest& index, const std::string& digest) {
    const auto [begin, end] = index.equal_range(digest);
    const auto entry = std::find_if(begin, end, [&](const auto& e) { return e.second == doubt; });
    if (entry != end) index.erase(entry);
  };
  if (erased_) erased_(doubt->first, doubt->second.name, doubt->second.mail);
  discount(doubt->second);
  erase_from(by_mail_, doubt->second.mail);
  erase_from(by_address_, doubt->second.address);
  return doubts_.erase(doubt);
}

}  // namespace tsmtp::ledger
