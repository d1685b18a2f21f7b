// The near side's memory of mails whose end of content went out while their final reply may never reach our
// MTA, so that a second try is recognised (DESIGN, "Nothing twice"). Pure memory: what must be kept is
// returned as a Change for Store. Holds digests, never content (P8).
//
//   record ──► under way ──mark_in_doubt──► matchable ──claim──► claimed ──mark_in_doubt──► matchable
//                  └──────────── settle ───────┴────── settle ──────┘
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/ledger/change.h"

namespace tsmtp::ledger {

inline constexpr std::size_t kTransactionBytes = 16;
inline constexpr std::size_t kDigestBytes = 32;

class Doubts {
 public:
  /// Takes in what a Store loaded, before anything else is called. All of it is matchable: whoever was under
  /// way died with the last process. Returns a sentence for each row that could not be read and was skipped.
  [[nodiscard]] std::vector<std::string> restore(const std::vector<Entry>& rows);

  /// A mail is about to send its end of content: the durable change to make first. Not matchable until
  /// mark_in_doubt(). `transaction` has 16 bytes and is new, `digest` has 32.
  [[nodiscard]] Change record(const std::string& transaction, const std::string& site,
                              const std::string& digest, base::WallTime now);

  /// The final reply could not be handed to our MTA: the next try of this mail may claim the transaction.
  /// Without effect on a transaction that is not here.
  void mark_in_doubt(const std::string& transaction);

  /// The oldest matchable transaction of that mail, if any. It is matchable no longer until it is marked in
  /// doubt again; whoever claimed it settles it once our MTA has the reply.
  [[nodiscard]] std::optional<std::string> claim(const std::string& site, const std::string& digest);

  /// Our MTA has the reply: forgets the transaction. The change need not be durable: an entry that comes back
  /// after a power failure is for a mail that will not be tried again.
  [[nodiscard]] Change settle(const std::string& transaction);

  /// Forgets matchable transactions recorded before `before`: MTAs give up after days. Those under way or
  /// claimed stay.
  [[nodiscard]] std::vector<Change> expire(base::WallTime before);

  [[nodiscard]] std::size_t size() const { return doubts_.size(); }
  /// How many transactions of `site` are in doubt (matchable or claimed), for status.
  [[nodiscard]] std::size_t in_doubt(std::string_view site) const;

 private:
  enum class State { kUnderWay, kMatchable, kClaimed };
  struct Doubt {
    State state = State::kUnderWay;
    std::string site;
    std::string digest;
    base::WallTime recorded;
  };

  void insert(const std::string& transaction, Doubt doubt);
  void erase(std::map<std::string, Doubt>::iterator doubt);

  std::map<std::string, Doubt> doubts_;              ///< by transaction
  std::multimap<std::string, std::string> by_mail_;  ///< digest and site -> transaction, oldest first
};

}  // namespace tsmtp::ledger
