// Whether a key that a peer shows in its handshake is one of a site's: pinned, or the end of a chain of
// signed steps from a pinned one, and neither revoked nor replaced by one that we know already (P7).
#pragma once

#include <string>
#include <vector>

#include "relayd/keys/book.h"
#include "relayd/keys/chain.h"

namespace tsmtp::keys {

/// The keys that a peer's certificate shows.
struct Shown {
  std::vector<std::string> pins;  ///< of all keys of its chain, the present one last; that one if it has none
  Chain chain{};                  ///< has a step if pins are more than one

  [[nodiscard]] const std::string& pin() const { return pins.back(); }
};

enum class Verdict {
  kAccepted,
  kUnpinned,  ///< neither it nor a key from which it comes is pinned
  kRevoked,   ///< it, or a key of its chain
  kReplaced,  ///< a pinned key has led to another one, from which it does not come
  kForged,    ///< its chain passes a pinned key, and is not signed
};

struct Judgement {
  Verdict verdict = Verdict::kUnpinned;
  /// Which pinned key leads to the shown one; empty unless it is accepted.
  std::string pinned{};
  /// Why it is refused, for the key that decides: revoked, or replaced by it.
  std::string decided_by{};
};

/// `pinned` as it is configured. `shown` comes from anybody: no more signatures are verified than the chain
/// has steps, and none where the first of them is forged.
[[nodiscard]] Judgement judge(const Shown& shown, const std::vector<std::string>& pinned, const Book& book,
                              const Crypto& crypto);

/// The signed steps of `shown` that the book does not have, to be learnt: all of them or, if one is not
/// signed, those behind it. To be called for a key that was accepted.
[[nodiscard]] std::vector<Learnt> news_of(const Shown& shown, const Book& book, const Crypto& crypto,
                                          std::int64_t now);

}  // namespace tsmtp::keys
