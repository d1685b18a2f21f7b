// The far side's memory of how transactions ended, written before it is reported and kept until the near side
// says that its MTA has it (DESIGN, "Nothing twice"). Pure memory: a row that must be kept is returned as a
// Change for Store. A transaction belongs to the site it came from, whatever that is called today; no site
// can ask for another's.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/ledger/change.h"
#include "relayd/ledger/owners.h"

namespace tsmtp::ledger {

class Outcomes {
 public:
  /// The longest reply text that is recorded; a longer one is cut.
  static constexpr std::size_t kMaxReplyBytes = 8192;

  /// Takes in what a Store loaded, before anything else is called. Returns a sentence for each row that could
  /// not be read and was skipped.
  [[nodiscard]] std::vector<std::string> restore(const std::vector<Entry>& rows);

  // As Doubts has them.
  void other_recorded(const Entry& row) { static_cast<void>(restore({row})); }
  void other_erased(const std::string& row_key);
  void each_row(const std::function<void(const Change& row)>& visit) const;

  /// The sites as they are configured from now on. The outcomes of a site that is renamed stay its own. An
  /// outcome that belongs to no site is told to any site that can name its transaction, which nobody guesses.
  void set_sites(const Owners::Sites& sites);

  /// A transaction ended with `reply_text`: the durable change to make before the reply is reported. A second
  /// record of the same transaction replaces the first. `transaction` has 16 bytes, `site` at most 255.
  /// `pin`: the site's key when the transaction came; empty: the one that it has.
  [[nodiscard]] Change record(const std::string& site, const std::string& transaction,
                              std::string_view reply_text, base::WallTime now, const std::string& pin = {});

  /// How that site's transaction ended; nullopt: it never did, as far as is known here.
  [[nodiscard]] std::optional<std::string> find(const std::string& site,
                                                const std::string& transaction) const;

  /// The near side has told its MTA. The change need not be durable.
  [[nodiscard]] Change forget(const std::string& site, const std::string& transaction);

  /// Forgets outcomes recorded before `before`.
  [[nodiscard]] std::vector<Change> expire(base::WallTime before);

  [[nodiscard]] std::size_t size() const { return outcomes_.size(); }
  [[nodiscard]] std::size_t of_site(const std::string& site) const;

 private:
  struct Recorded {
    std::string reply_text;
    base::WallTime recorded;
    std::string name;  // of the site, as it was called when this was recorded
    std::string pin;
  };
  using OwnerAndTransaction = std::pair<std::string, std::string>;
  using ByOwner = std::map<OwnerAndTransaction, Recorded>;

  [[nodiscard]] ByOwner::const_iterator find_outcome(const std::string& site,
                                                     const std::string& transaction) const;
  void insert(const std::string& transaction, Recorded recorded);
  ByOwner::const_iterator erase(ByOwner::const_iterator outcome);

  Owners owners_;
  ByOwner outcomes_;
  std::map<std::string, std::size_t> of_sites_;  // by owner
};

}  // namespace tsmtp::ledger
