#include "mailertable/database/table_reader.h"

#include <sysexits.h>

#include <algorithm>

#include "mailertable/database/btree_pages.h"
#include "mailertable/database/hash_pages.h"
#include "mailertable/database/page_file.h"
#include "mailertable/files/input.h"

namespace tsmtp::mailertable {
namespace {

/// Whether a key is there twice.
bool has_twins(const std::vector<StoredPair>& pairs) {
  std::vector<std::string_view> keys;
  keys.reserve(pairs.size());
  for (const StoredPair& pair : pairs)
    keys.push_back(pair.first);
  std::sort(keys.begin(), keys.end());
  return std::adjacent_find(keys.begin(), keys.end()) != keys.end();
}

}  // namespace

Outcome<StoredTable> parse_table(std::string_view bytes) {
  auto file = PageFile::open(bytes);
  if (!file) return file.error();
  auto pairs = file->is_hash() ? read_hash(*file) : read_btree(*file);
  if (!pairs) return pairs.error();
  if (!file->allows_duplicates() && has_twins(*pairs))
    return Failure{EX_DATAERR, "damaged: a key is there twice", false};
  return StoredTable{file->is_hash() ? TableType::kHash : TableType::kBtree, file->allows_duplicates(),
                     *std::move(pairs)};
}

Outcome<StoredTable> read_stored_table(const std::string& path) {
  const auto bytes = read_locked(path);
  if (!bytes) return bytes.error();
  auto table = parse_table(*bytes);
  if (!table) return Failure{table.error().exit_status, path + " is " + table.error().message, false};
  return table;
}

bool is_hash_or_btree(std::string_view bytes) {
  constexpr std::size_t kMagicOffset = 12;
  constexpr std::uint32_t kHashMagic = 0x061561, kBtreeMagic = 0x053162;
  if (bytes.size() < kMagicOffset + sizeof(std::uint32_t)) return false;
  const std::uint32_t magic = u32_at(bytes, kMagicOffset);
  return magic == kHashMagic || magic == kBtreeMagic;
}

bool looks_like_table(std::string_view bytes) {
  constexpr std::size_t kLongest = 4096;
  return bytes.substr(0, kLongest).find('\0') != std::string_view::npos;
}

}  // namespace tsmtp::mailertable
