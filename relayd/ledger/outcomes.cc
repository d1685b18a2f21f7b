#include "relayd/ledger/outcomes.h"

#include "relayd/base/bytes.h"
#include "relayd/ledger/doubts.h"
#include "relayd/ledger/row.h"

namespace tsmtp::ledger {
namespace {

std::string row_key(const std::string& site, const std::string& transaction) {
  return transaction + site;  // unambiguous: a transaction's identifier has a fixed length
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
    outcomes_.insert_or_assign({entry.key.substr(kTransactionBytes), entry.key.substr(0, kTransactionBytes)},
                               Outcome{.reply_text = std::string(row->body), .recorded = row->recorded});
  }
  return problems;
}

Change Outcomes::record(const std::string& site, const std::string& transaction, std::string_view reply_text,
                        base::WallTime now) {
  reply_text = reply_text.substr(0, kMaxReplyBytes);
  outcomes_.insert_or_assign({site, transaction},
                             Outcome{.reply_text = std::string(reply_text), .recorded = now});
  return {.table = Table::kOutcomes,
          .key = row_key(site, transaction),
          .value = encode_row(now, reply_text),
          .durable = true};
}

std::optional<std::string> Outcomes::find(const std::string& site, const std::string& transaction) const {
  const auto outcome = outcomes_.find({site, transaction});
  if (outcome == outcomes_.end()) return std::nullopt;
  return outcome->second.reply_text;
}

Change Outcomes::forget(const std::string& site, const std::string& transaction) {
  outcomes_.erase({site, transaction});
  return erasure(site, transaction);
}

std::vector<Change> Outcomes::expire(base::WallTime before) {
  std::vector<Change> changes;
  for (auto outcome = outcomes_.begin(); outcome != outcomes_.end();) {
    if (outcome->second.recorded >= before) {
      ++outcome;
      continue;
    }
    changes.push_back(erasure(outcome->first.first, outcome->first.second));
    outcome = outcomes_.erase(outcome);
  }
  return changes;
}

}  // namespace tsmtp::ledger
