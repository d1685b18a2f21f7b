#include "mailertable/text/key_index.h"

#include <bit>
#include <functional>

namespace tsmtp::mailertable {

KeyIndex::KeyIndex(const std::vector<Entry>& entries)
    : entries_(entries), slots_(std::bit_ceil(entries.size() * 2 + 1)) {
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    std::uint32_t& slot = slots_[slot_of(entries[i].key)];
    if (slot == 0)
      slot = i + 1;
    else
      duplicates_.push_back(i);
  }
}

std::size_t KeyIndex::slot_of(std::string_view key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = std::hash<std::string_view>()(key) & mask;
  while (slots_[at] != 0 && entries_[slots_[at] - 1].key != key)
    at = (at + 1) & mask;
  return at;
}

const Entry* KeyIndex::find(std::string_view key) const {
  const std::uint32_t found = slots_[slot_of(key)];
  return found == 0 ? nullptr : &entries_[found - 1];
}

}  // namespace tsmtp::mailertable
