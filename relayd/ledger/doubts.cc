#include "relayd/ledger/doubts.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/ledger/row.h"

namespace tsmtp::ledger {
namespace {

constexpr std::size_t kMaxSiteBytes = 255;

std::string mail_key(std::string_view site, std::string_view digest) {
  return std::string(digest).append(site);  // unambiguous: a digest has a fixed length
}

Change erasure(const std::string& transaction) {
  return {.table = Table::kDoubts, .key = transaction, .value = std::nullopt, .durable = false};
}

}  // namespace

std::vector<std::string> Doubts::restore(const std::vector<Entry>& rows) {
  std::vector<std::string> problems;
  std::vector<std::pair<std::string, Doubt>> found;
  for (const Entry& entry : rows) {
    const auto row = decode_row(entry.value);
    const bool readable = row && entry.key.size() == kTransactionBytes && row->body.size() > kDigestBytes &&
                          row->body.size() <= kDigestBytes + kMaxSiteBytes;
    if (!readable) {
      problems.push_back("skipped a row of the table of doubts that cannot be read, key " +
                         base::hex(entry.key));
      continue;
    }
    found.emplace_back(entry.key, Doubt{.state = State::kMatchable,
                                        .site = std::string(row->body.substr(kDigestBytes)),
                                        .digest = std::string(row->body.substr(0, kDigestBytes)),
                                        .recorded = row->recorded});
  }
  // Rows come in the order of their random keys; claim() promises the oldest.
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.second.recorded < b.second.recorded; });
  for (auto& [transaction, doubt] : found)
    insert(transaction, std::move(doubt));
  return problems;
}

Change Doubts::record(const std::string& transaction, const std::string& site, const std::string& digest,
                      base::WallTime now) {
  insert(transaction, {.state = State::kUnderWay, .site = site, .digest = digest, .recorded = now});
  return {
      .table = Table::kDoubts, .key = transaction, .value = encode_row(now, digest + site), .durable = true};
}

void Doubts::mark_in_doubt(const std::string& transaction) {
  const auto doubt = doubts_.find(transaction);
  if (doubt != doubts_.end()) doubt->second.state = State::kMatchable;
}

std::optional<std::string> Doubts::claim(const std::string& site, const std::string& digest) {
  const auto [begin, end] = by_mail_.equal_range(mail_key(site, digest));
  for (auto mail = begin; mail != end; ++mail) {
    Doubt& doubt = doubts_.at(mail->second);
    if (doubt.state != State::kMatchable) continue;
    doubt.state = State::kClaimed;
    return mail->second;
  }
  return std::nullopt;
}

Change Doubts::settle(const std::string& transaction) {
  const auto doubt = doubts_.find(transaction);
  if (doubt != doubts_.end()) erase(doubt);
  return erasure(transaction);
}

std::vector<Change> Doubts::expire(base::WallTime before) {
  std::vector<Change> changes;
  for (auto doubt = doubts_.begin(); doubt != doubts_.end();) {
    const auto next = std::next(doubt);
    if (doubt->second.state == State::kMatchable && doubt->second.recorded < before) {
      changes.push_back(erasure(doubt->first));
      erase(doubt);
    }
    doubt = next;
  }
  return changes;
}

std::size_t Doubts::in_doubt(std::string_view site) const {
  return static_cast<std::size_t>(std::count_if(doubts_.begin(), doubts_.end(), [&](const auto& doubt) {
    return doubt.second.state != State::kUnderWay && doubt.second.site == site;
  }));
}

void Doubts::insert(const std::string& transaction, Doubt doubt) {
  std::string key = mail_key(doubt.site, doubt.digest);
  const bool added = doubts_.emplace(transaction, std::move(doubt)).second;
  if (added) by_mail_.emplace(std::move(key), transaction);
}

void Doubts::erase(std::map<std::string, Doubt>::iterator doubt) {
  const auto [begin, end] = by_mail_.equal_range(mail_key(doubt->second.site, doubt->second.digest));
  const auto mail = std::find_if(begin, end, [&](const auto& entry) { return entry.second == doubt->first; });
  if (mail != end) by_mail_.erase(mail);
  doubts_.erase(doubt);
}

}  // namespace tsmtp::ledger
