// The far side's memory of how transactions ended, written before it is reported and kept until the near side
// says that its MTA has it (DESIGN, "Nothing twice"). Pure memory: what must be kept is returned as a Change
// for Store. A transaction belongs to the site it came from; no site can ask for another's.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/ledger/change.h"

namespace tsmtp::ledger {

class Outcomes {
 public:
  /// The longest reply text that is recorded; a longer one is cut.
  static constexpr std::size_t kMaxReplyBytes = 8192;

  /// Takes in what a Store loaded, before anything else is called. Returns a sentence for each row that could
  /// not be read and was skipped.
  [[nodiscard]] std::vector<std::string> restore(const std::vector<Entry>& rows);

  /// A transaction ended with `reply_text`: the durable change to make before the reply is reported. A second
  /// record of the same transaction replaces the first. `transaction` has 16 bytes, `site` at most 255.
  [[nodiscard]] Change record(const std::string& site, const std::string& transaction,
                              std::string_view reply_text, base::WallTime now);

  /// How that site's transaction ended; nullopt: it never did, as far as is known here.
  [[nodiscard]] std::optional<std::string> find(const std::string& site,
                                                const std::string& transaction) const;

  /// The near side has told its MTA. The change need not be durable.
  [[nodiscard]] Change forget(const std::string& site, const std::string& transaction);

  /// Forgets outcomes recorded before `before`.
  [[nodiscard]] std::vector<Change> expire(base::WallTime before);

  [[nodiscard]] std::size_t size() const { return outcomes_.size(); }

 private:
  struct Outcome {
    std::string reply_text;
    base::WallTime recorded;
  };
  using SiteAndTransaction = std::pair<std::string, std::string>;

  std::map<SiteAndTransaction, Outcome> outcomes_;
};

}  // namespace tsmtp::ledger
