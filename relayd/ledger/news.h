// What two relayds of one hub tell each other of the ledger that they share while one takes over from the
// other: as bytes, and back. Judges nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/ledger/change.h"
#include "relayd/ledger/doubt_row.h"

namespace tsmtp::ledger {

struct News {
  enum class Kind : std::uint8_t {
    kChange = 1,  ///< this row was written, or erased
    kMarked,      ///< this recipient is in doubt, and nobody's
    kClaimed,     ///< a second try of it is under way
    kComplete,    ///< all that was there at the beginning has been told
    kAsk,         ///< what became of that transaction? If it has not committed, it must not any more
    kPending,     ///< the answer: it is being committed, ask again
    kNotHere,     ///< the answer: what there is to know of it was told before
  };
  Kind kind = Kind::kChange;
  Change change{};  ///< of kChange
  DoubtKey key{};   ///< of kMarked and kClaimed; of those from kAsk on its transaction
};

/// Longer ones are nonsense.
inline constexpr std::size_t kMaxNewsBytes = 64UL * 1024;

/// With its length before it, so that several can stand behind each other.
void append(std::string& out, const News& news);
void append(std::string& out, const Change& change);

/// Takes the first off `in`. Nothing: it is not whole yet, or (`is_broken`) nonsense.
[[nodiscard]] std::optional<News> take_news(std::string_view& in, bool& is_broken);

/// All of `in`, as append() wrote it; nothing where it is nonsense.
[[nodiscard]] std::optional<std::vector<Change>> parse_changes(std::string_view in);

}  // namespace tsmtp::ledger
