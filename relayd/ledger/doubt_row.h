// A recipient in doubt as the ledger's table keeps it: what is remembered, as the bytes of a row and back.
// Judges nothing.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/ledger/change.h"
#include "relayd/ledger/client.h"

namespace tsmtp::ledger {

inline constexpr std::size_t kTransactionBytes = 16;

/// One recipient of one transaction, by its place among the transaction's Rcpt records.
struct DoubtKey {
  std::string transaction;
  std::uint16_t index = 0;

  friend auto operator<=>(const DoubtKey&, const DoubtKey&) = default;
};

/// Which hub of a site had a transaction: another may know nothing of it, whatever became of it.
struct DoubtPlace {
  std::string pin{};  ///< the hub's, kPinBytes; empty: not known
  std::string hub{};  ///< its name; empty: it was the only one, and had none of its own
  /// The hub's outcomes are those of its whole site: any other that says the same of itself may be asked.
  bool is_shared = false;

  friend bool operator==(const DoubtPlace&, const DoubtPlace&) = default;
};

/// What is remembered of a recipient.
struct DoubtRow {
  std::string mail;     ///< keyed digest of content, sender and this recipient, kDigestBytes
  std::string address;  ///< likewise of sender and recipient only
  Client client{};
  DoubtPlace place{};
  std::string site;  ///< as it was called then
  base::WallTime recorded;
};

/// Writes the row, durably. One of a site with one hub can be read by versions that know of no other.
[[nodiscard]] Change writing_of(const DoubtKey& key, const DoubtRow& row);
/// Takes it out, some time.
[[nodiscard]] Change erasure_of(const DoubtKey& key);

/// The key of the table as record. One that cannot be read is nobody's.
[[nodiscard]] DoubtKey doubt_key_of(const std::string& row_key);

/// nullopt: it cannot be read, or its key cannot.
[[nodiscard]] std::optional<DoubtRow> decode_doubt(const Entry& entry);

}  // namespace tsmtp::ledger
