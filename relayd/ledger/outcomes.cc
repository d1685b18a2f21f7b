#include "relayd/ledger/outcomes.h"

#include <algorithm>
#include <vector>

#include "relayd/base/bytes.h"
#include "relayd/ledger/doubt_row.h"
#include "relayd/ledger/row.h"

namespace tsmtp::ledger {
namespace {

std::string row_key(const std::string& site, const std::string& transaction) {
  return transaction + site;  // unambiguous: a transaction's identifier has a fixed length
}

// Of version 1 there is none.
std::string whole(const std::string& pin) {
  return pin.size() == kPinBytes ? pin : std::string(kPinBytes, '\0');
}

Change erasure(const std::string& site, const std::string& transaction) {
  return {
      .table = Table::kOutcomes, .key = row_key(site, transaction), .value = std::nullopt, .durable = false};
}

}  // namespace

std::vector<std::string> Outcomes::restore(const std::vector<Entry>& rows) {
  std::vector<std::string> problems;
  for (const Entry& entry : rows) {
    const auto row = decode_row(entry.value);
    const bool readable = row && entry.key.size() > kTransactionBytes &&
                          entry.key.size() <= kTransactionBytes + kMaxSiteBytes &&
                          row->body.size() <= kMaxReplyBytes;
    if (!readable) {
      problems.push_back("skipped a row of the table of outcomes that cannot be read, key " +
                         base::hex(entry.key));
      continue;
    }
    insert(entry.key.substr(0, kTransactionBytes), {.reply_text = std::string(row->body),
                                                    .recorded = row->recorded,
                                                    .name = entry.key.substr(kTransactionBytes),
                                                    .pin = std::string(row->pin)});
  }
  return problems;
}

void Outcomes::other_erased(const std::string& row_key) {
  if (row_key.size() <= kTransactionBytes) return;
  const std::string transaction = row_key.substr(0, kTransactionBytes);
  const std::string name = row_key.substr(kTransactionBytes);
  const auto erase_of = [&](const std::string& owner) {
    const auto outcome = outcomes_.find({owner, transaction});
    const bool is_it = outcome != outcomes_.end() && outcome->second.name == name;
    if (is_it) erase(outcome);
    return is_it;
  };
  if (erase_of(owners_.owner(name, {}))) return;
  std::vector<std::string> owners;  // of_sites_ changes with what is erased
  for (const auto& [owner, count] : of_sites_)
    owners.push_back(owner);
  static_cast<void>(std::any_of(owners.begin(), owners.end(), erase_of));
}

void Outcomes::each_row(const std::function<void(const Change& row)>& visit) const {
  for (const auto& [key, outcome] : outcomes_)
    visit({.table = Table::kOutcomes,
           .key = row_key(outcome.name, key.second),
           .value = encode_row(outcome.recorded, whole(outcome.pin), outcome.reply_text),
           .durable = true});
}

void Outcomes::set_sites(const Owners::Sites& sites) {
  owners_.set(sites);
  ByOwner before;
  before.swap(outcomes_);
  of_sites_.clear();
  for (auto& [key, outcome] : before)
    insert(key.second, std::move(outcome));
}

Change Outcomes::record(const std::string& site, const std::string& transaction, std::string_view reply_text,
                        base::WallTime now, const std::string& its_pin) {
  reply_text = reply_text.substr(0, kMaxReplyBytes);
  const std::string pin = its_pin.empty() ? owners_.pin_of(site) : its_pin;
  insert(transaction, {.reply_text = std::string(reply_text), .recorded = now, .name = site, .pin = pin});
  return {.table = Table::kOutcomes,
          .key = row_key(site, transaction),
          .value = encode_row(now, pin, reply_text),
          .durable = true};
}

std::optional<std::string> Outcomes::find(const std::string& site, const std::string& transaction) const {
  const auto outcome = find_outcome(site, transaction);
  if (outcome == outcomes_.end()) return std::nullopt;
  return outcome->second.reply_text;
}

Change Outcomes::forget(const std::string& site, const std::string& transaction) {
  const auto outcome = find_outcome(site, transaction);
  if (outcome == outcomes_.end()) return erasure(site, transaction);
  Change change = erasure(outcome->second.name, transaction);
  erase(outcome);
  return change;
}

std::vector<Change> Outcomes::expire(base::WallTime before) {
  std::vector<Change> changes;
  for (auto outcome = outcomes_.cbegin(); outcome != outcomes_.cend();) {
    if (outcome->second.recorded >= before) {
      ++outcome;
      continue;
    }
    changes.push_back(erasure(outcome->second.name, outcome->first.second));
    outcome = erase(outcome);
  }
  return changes;
}

std::size_t Outcomes::of_site(const std::string& site) const {
  const auto found = of_sites_.find(site);
  return found == of_sites_.end() ? 0 : found->second;
}

Outcomes::ByOwner::const_iterator Outcomes::find_outcome(const std::string& site,
                                                         const std::string& transaction) const {
  const auto outcome = outcomes_.find({site, transaction});
  return outcome != outcomes_.end() ? outcome : outcomes_.find({std::string(), transaction});
}

void Outcomes::insert(const std::string& transaction, Recorded outcome) {
  const std::string owner = owners_.owner(outcome.name, outcome.pin);
  const auto [inserted, is_new] = outcomes_.insert_or_assign({owner, transaction}, std::move(outcome));
  if (is_new) ++of_sites_[owner];
}

Outcomes::ByOwner::const_iterator Outcomes::erase(ByOwner::const_iterator outcome) {
  const auto count = of_sites_.find(outcome->first.first);
  if (count != of_sites_.end() && --count->second == 0) of_sites_.erase(count);
  return outcomes_.erase(outcome);
}

}  // namespace tsmtp::ledger
