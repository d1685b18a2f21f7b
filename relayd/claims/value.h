// What stands in etcd under the name of a transaction: the hubs of a site know by it together what became of
// a mail that one of them was sent. Bytes with a version, bounded, and believed only when they were checked:
// another hub, or an administrator, has written them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"

namespace tsmtp::claims {

inline constexpr std::size_t kMaxHubBytes = 255;
inline constexpr std::size_t kMemoryBytes = 16;
inline constexpr std::size_t kMaxKnownBytes = 8 * 1024;

/// A hub hands the mail's end of content to its MTA, and nobody else may. Never under a lease.
struct Claim {
  std::string hub;
  /// kMemoryBytes. Of the hub: what it remembers of its commits (ledger/commit_book.h, its ledger) reaches
  /// back to the time when it took this name.
  std::string memory;
  base::WallTime since;
  std::uint64_t number = 0;   ///< no two claims of a hub are the same bytes
  bool is_witnessed = true;   ///< the end of content goes out only after it stands in the book of commits
  bool is_undecided = false;  ///< the hub has looked, and cannot tell whether its MTA took the mail

  friend bool operator==(const Claim&, const Claim&) = default;
};

/// Its MTA took it.
struct Ended {
  std::string hub;
  std::string known;  ///< mail::encode_known(), cut to kMaxKnownBytes

  friend bool operator==(const Ended&, const Ended&) = default;
};

/// Nobody has delivered it, and nobody may any more: the near side was told that it is not known.
struct Disowned {
  std::string hub;
  base::WallTime since;

  friend bool operator==(const Disowned&, const Disowned&) = default;
};

/// `claimed_by` may have delivered it, and is lost: the near side was told that it is not known all the same.
struct Resent {
  std::string hub;
  base::WallTime since;
  std::string claimed_by;

  friend bool operator==(const Resent&, const Resent&) = default;
};

using Value = std::variant<Claim, Ended, Disowned, Resent>;

[[nodiscard]] std::string encode(const Value& value);
[[nodiscard]] base::Result<Value> decode(std::string_view bytes);

}  // namespace tsmtp::claims
