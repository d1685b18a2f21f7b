#include "mailertable/database/fill_order.h"

#include <algorithm>
#include <bit>

namespace tsmtp::mailertable {

std::uint32_t hash_of(std::string_view key) {
  constexpr std::uint32_t kPrime = 16777619;
  std::uint32_t hash = 0;
  for (const char c : key)
    hash = hash * kPrime ^ static_cast<unsigned char>(c);
  return hash;
}

std::uint32_t first_buckets(const std::vector<Entry>& entries, std::uint32_t page_bytes) {
  constexpr std::uint64_t kPairOverhead = 6;  // two index slots and two type bytes
  constexpr std::uint64_t kMostBuckets = std::uint64_t{1} << 22;
  std::uint64_t bytes = 0;
  for (const Entry& entry : entries)
    bytes += entry.key.size() + entry.value.size() + kPairOverhead;
  return static_cast<std::uint32_t>(
      std::bit_floor(std::clamp<std::uint64_t>(bytes / page_bytes, 2, kMostBuckets)));
}

std::vector<std::uint32_t> order_by_bucket(const std::vector<Entry>& entries, std::uint32_t buckets) {
  // Bucket and index in one number: that is quick to sort, and keeps the order of the text in a bucket.
  std::vector<std::uint64_t> keyed(entries.size());
  for (std::uint64_t i = 0; i < entries.size(); ++i)
    keyed[i] = std::uint64_t{hash_of(entries[i].key) & (buckets - 1)} << 32 | i;
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::uint32_t> order(entries.size());
  std::transform(keyed.begin(), keyed.end(), order.begin(),
                 [](std::uint64_t one) { return static_cast<std::uint32_t>(one); });
  return order;
}

std::vector<std::uint32_t> order_by_key(const std::vector<Entry>& entries) {
  // The first bytes decide nearly always, and are at hand where the keys are not.
  struct Keyed {
    std::uint64_t first_bytes;
    std::uint32_t index;
  };
  std::vector<Keyed> keyed(entries.size());
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    std::uint64_t first = 0;
    for (std::size_t byte = 0; byte < sizeof first; ++byte)
      first =
          first << 8 | (byte < entries[i].key.size() ? static_cast<unsigned char>(entries[i].key[byte]) : 0U);
    keyed[i] = {first, i};
  }
  std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    if (a.first_bytes != b.first_bytes) return a.first_bytes < b.first_bytes;
    return entries[a.index].key < entries[b.index].key;
  });
  std::vector<std::uint32_t> order(entries.size());
  std::transform(keyed.begin(), keyed.end(), order.begin(), [](const Keyed& one) { return one.index; });
  return order;
}

}  // namespace tsmtp::mailertable
