// A recipient in doubt as the ledger's table keeps it: what is remembered, as the bytes of a row and back.
// Judges nothing.
#pragma once

#include <optional>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/ledger/change.h"
#include "relayd/ledger/doubts.h"

namespace tsmtp::ledger {

struct DoubtRow {
  DoubtKey key;
  std::string mail;     ///< digest, kDigestBytes
  std::string address;  ///< likewise
  Client client;
  DoubtPlace place;
  std::string site;  ///< as it was called then
  base::WallTime recorded;
};

/// Writes the row, durably. One of a site with one hub can be read by versions that know of no other.
[[nodiscard]] Change writing_of(const DoubtRow& row);
/// Takes it out, some time.
[[nodiscard]] Change erasure_of(const DoubtKey& key);

/// The key of the table as record. One that cannot be read is nobody's.
[[nodiscard]] DoubtKey doubt_key_of(const std::string& row_key);

/// nullopt: it cannot be read.
[[nodiscard]] std::optional<DoubtRow> decode_doubt(const Entry& entry);

}  // namespace tsmtp::ledger
