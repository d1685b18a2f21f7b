#include "mailertable/database/hash_pages.h"

#include <bit>
#include <cstdint>
#include <utility>

#include "mailertable/database/btree_pages.h"
#include "mailertable/database/fill_order.h"
#include "mailertable/database/stored_pairs.h"

namespace tsmtp::mailertable {
namespace {

// What an item of a hash page is, in its first byte.
enum class HashItem : std::uint8_t { kData = 1, kDuplicates = 2, kOverflow = 3, kDuplicateTree = 4 };

// Offsets in the first page.
constexpr std::size_t kMaxBucket = 72;
constexpr std::size_t kHighMask = 76;
constexpr std::size_t kLowMask = 80;
constexpr std::size_t kSpares = 96;
constexpr std::size_t kSpareCount = 32;

class HashReader {
 public:
  explicit HashReader(PageFile& file)
      : file_(file),
        max_bucket_(u32_at(file.meta(), kMaxBucket)),
        mask_(u32_at(file.meta(), kHighMask)),
        pairs_(file.bytes()) {}

  Outcome<std::vector<StoredPair>> read() {
    // The masks follow from the number of buckets, and each bucket has a page.
    if (max_bucket_ >= file_.pages() || mask_ != std::bit_ceil(max_bucket_ + 1) - 1 ||
        u32_at(file_.meta(), kLowMask) != mask_ >> 1)
      return damage(0, "impossible number of buckets");
    for (bucket_ = 0; bucket_ <= max_bucket_; ++bucket_) {
      if (auto done = read_bucket(); !done) return done.error();
    }
    return pairs_.take();
  }

 private:
  [[nodiscard]] std::uint32_t first_page() const {
    const auto group = static_cast<std::size_t>(std::bit_width(bucket_));  // log2 of bucket + 1, rounded up
    static_assert(kSpareCount == 32);
    return bucket_ + (group < kSpareCount ? u32_at(file_.meta(), kSpares + 4 * group) : 0);
  }

  Outcome<void> read_bucket() {
    std::uint32_t previous = 0;
    for (std::uint32_t number = first_page(); number != 0;) {
      const auto page = file_.take(number);
      if (!page) return page.error();
      if (page->type() == PageType::kUnused && previous == 0) return {};
      if (page->type() != PageType::kHash && page->type() != PageType::kHashUnsorted)
        return damage(number, "a page of a bucket was expected");
      if (page->previous() != previous) return damage(number, "it does not follow the page that leads to it");
      if (auto done = read_page(*page); !done) return done;
      previous = number;
      number = page->next();
    }
    return {};
  }

  Outcome<void> read_page(const Page& page) {
    if (page.entries() % 2 != 0) return damage(page.number, "a key without a value");
    std::size_t end = page.bytes.size();
    const auto next_item = [&](std::size_t i) {
      const std::size_t begin = page.offset(i);
      const std::size_t least = Page::kHeaderBytes + 2 * page.entries();
      if (begin < least || begin >= end) return std::string_view();
      const std::string_view item = page.bytes.substr(begin, end - begin);
      end = begin;
      return item;
    };
    for (std::size_t i = 0; i < page.entries(); i += 2) {
      const std::string_view key_item = next_item(i);
      const std::string_view value_item = next_item(i + 1);
      if (key_item.empty() || value_item.empty()) return damage(page.number, "an item that is not within it");
      auto key = single(page, key_item);
      if (!key) return key.error();
      if (bucket_of(*key) != bucket_) return damage(page.number, "a key that belongs to another bucket");
      if (auto done = add(page, *std::move(key), value_item); !done) return done;
    }
    if (page.entries() > 0 && end != page.free_offset()) return damage(page.number, "items do not fill it");
    return {};
  }

  [[nodiscard]] std::uint32_t bucket_of(const std::string& key) const {
    const std::uint32_t hash = hash_of(key);
    const std::uint32_t bucket = hash & mask_;
    return bucket > max_bucket_ ? hash & (mask_ >> 1) : bucket;
  }

  /// A key, or a value that is alone.
  Outcome<std::string> single(const Page& page, std::string_view item) {
    const auto kind = static_cast<HashItem>(item.front());
    if (kind == HashItem::kData) return std::string(item.substr(1));
    if (kind == HashItem::kOverflow && item.size() == 12)
      return file_.take_overflow(u32_at(item, 4), u32_at(item, 8));
    return damage(page.number, "an item of no known kind");
  }

  Outcome<void> add(const Page& page, const std::string& key, std::string_view item) {
    const auto kind = static_cast<HashItem>(item.front());
    if (kind == HashItem::kDuplicates) return add_duplicates(page, key, item.substr(1));
    if (kind == HashItem::kDuplicateTree && item.size() == 8) {
      auto values = read_duplicates(file_, u32_at(item, 4));
      if (!values) return values.error();
      for (std::string& value : *values)
        if (!pairs_.add(key, std::move(value))) return too_many_values(key);
      return {};
    }
    auto value = single(page, item);
    if (!value) return value.error();
    if (!pairs_.add(key, *std::move(value))) return too_many_values(key);
    return {};
  }

  /// Each value with its length before and behind it.
  Outcome<void> add_duplicates(const Page& page, const std::string& key, std::string_view values) {
    constexpr std::size_t kLength = sizeof(std::uint16_t);
    while (!values.empty()) {
      const std::size_t size = values.size() < kLength ? values.size() : u16_at(values, 0);
      if (size + 2 * kLength > values.size() || u16_at(values, kLength + size) != size)
        return damage(page.number, "several values of one key do not fit their lengths");
      if (!pairs_.add(key, std::string(values.substr(kLength, size)))) return too_many_values(key);
      values.remove_prefix(size + 2 * kLength);
    }
    return {};
  }

  PageFile& file_;
  std::uint32_t max_bucket_;
  std::uint32_t mask_;
  std::uint32_t bucket_ = 0;
  StoredPairs pairs_;
};

}  // namespace

Outcome<std::vector<StoredPair>> read_hash(PageFile& file) {
  return HashReader(file).read();
}

}  // namespace tsmtp::mailertable
