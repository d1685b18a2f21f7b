// How a table of Berkeley DB lies on the disk, as far as it helps to fill it fast: in which order the keys
// come, and how many buckets a hash begins with. Wrong guesses here cost time and space, never correctness.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "mailertable/text/entry.h"

namespace tsmtp::mailertable {

/// Berkeley DB's hash of a key: FNV-1 with a zero basis.
[[nodiscard]] std::uint32_t hash_of(std::string_view key);

/// How many buckets to make at first for `entries`, a power of two, so that on average each overflows once
/// and is split once. That ends at the size that makemap's tables have; with twice as many, half of every
/// page would stay empty.
[[nodiscard]] std::uint32_t first_buckets(const std::vector<Entry>& entries, std::uint32_t page_bytes);

/// The indices of `entries` by the bucket, of `buckets`, that each goes to. Filled in this order every page
/// is written once; in the order of the text every entry would need another page than the one before.
[[nodiscard]] std::vector<std::uint32_t> order_by_bucket(const std::vector<Entry>& entries,
                                                         std::uint32_t buckets);

/// The indices of `entries` in the order of their keys' bytes, the btree's.
[[nodiscard]] std::vector<std::uint32_t> order_by_key(const std::vector<Entry>& entries);

}  // namespace tsmtp::mailertable
