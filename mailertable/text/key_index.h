// Finds the entry of a key. An open hash table of four bytes an entry and slot, since tables have millions.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "mailertable/text/entry.h"

namespace tsmtp::mailertable {

/// The keys of a table's entries. Borrows them; they must not move or change meanwhile.
class KeyIndex {
 public:
  explicit KeyIndex(const std::vector<Entry>& entries);

  /// The first entry with this key, which must be folded.
  [[nodiscard]] const Entry* find(std::string_view key) const;

  /// The entries whose key an earlier one has already, in their order.
  [[nodiscard]] const std::vector<std::uint32_t>& duplicates() const { return duplicates_; }

 private:
  /// The slot where `key` is, or the empty one where it would go.
  [[nodiscard]] std::size_t slot_of(std::string_view key) const;

  const std::vector<Entry>& entries_;
  std::vector<std::uint32_t> slots_;  ///< 1 + index of an entry; 0 is empty; a power of two of them
  std::vector<std::uint32_t> duplicates_;
};

}  // namespace tsmtp::mailertable
