// What the witness does: net/witness/witness.h.
#pragma once

#include <cstdint>

#include "relayd/ledger/commit_book.h"

namespace tsmtp::net {

/// From relayd to its witness. A connection's socket comes with the message that says to watch it.
struct WitnessMessage {
  enum Kind : std::uint32_t { kWatch, kUnwatch };
  std::uint32_t kind;
  std::uint32_t number;
};

/// Holds what comes over `socket` until relayd is gone, then waits for the replies that are outstanding, at
/// most as long as relayd itself would have. Returns when there is none left.
void be_witness(int socket, ledger::CommitBook& book);

}  // namespace tsmtp::net
