// What the witness does: net/witness/witness.h.
#pragma once

#include <cstdint>
#include <memory>

#include "relayd/ledger/commit_book.h"

namespace tsmtp::net {

/// From relayd to its witness. A connection's socket comes with the message that says to watch it, and so
/// does a book that could not be made at the start.
struct WitnessMessage {
  enum Kind : std::uint32_t { kWatch, kUnwatch, kBook };
  std::uint32_t kind;
  std::uint32_t number;
};

/// Holds what comes over `socket` until relayd is gone, then waits for the replies that are outstanding, at
/// most as long as relayd itself would have. Returns when there is none left. `book` may be null; one may
/// come.
void be_witness(int socket, std::unique_ptr<ledger::CommitBook> book);

}  // namespace tsmtp::net
