#include "mailertable/database/btree_pages.h"

#include <utility>

#include "mailertable/database/stored_pairs.h"

namespace tsmtp::mailertable {
namespace {

// What an item of a btree page is, in its third byte.
constexpr unsigned kData = 1;
constexpr unsigned kDuplicateTree = 2;
constexpr unsigned kOverflow = 3;
constexpr unsigned kDeleted = 0x80;

constexpr std::size_t kRoot = 88;  // offset in the first page

/// One item of a leaf, within its page.
struct Item {
  unsigned kind = 0;
  bool is_deleted = false;
  std::string_view bytes;  ///< of kData
  std::uint32_t page = 0;  ///< of the others
  std::uint32_t size = 0;  ///< of kOverflow
};

Outcome<Item> item_at(const Page& page, std::size_t index) {
  const std::size_t begin = page.offset(index);
  const std::size_t least = Page::kHeaderBytes + 2 * page.entries();
  if (begin < least || begin + 3 > page.bytes.size())
    return damage(page.number, "an item that is not within it");
  const unsigned flags = static_cast<unsigned char>(page.bytes[begin + 2]);
  Item item{flags & ~kDeleted, (flags & kDeleted) != 0, {}, 0, 0};
  if (item.kind == kData) {
    const std::size_t size = u16_at(page.bytes, begin);
    if (begin + 3 + size > page.bytes.size()) return damage(page.number, "an item that is not within it");
    item.bytes = page.bytes.substr(begin + 3, size);
    return item;
  }
  if ((item.kind != kOverflow && item.kind != kDuplicateTree) || begin + 12 > page.bytes.size())
    return damage(page.number, "an item of no known kind");
  item.page = u32_at(page.bytes, begin + 4);
  item.size = u32_at(page.bytes, begin + 8);
  return item;
}

/// The pages below an internal one.
Outcome<std::vector<std::uint32_t>> children_of(const Page& page) {
  const bool is_recno = page.type() == PageType::kRecnoInternal;
  const std::size_t page_offset = is_recno ? 0 : 4;
  std::vector<std::uint32_t> children;
  for (std::size_t i = 0; i < page.entries(); ++i) {
    const std::size_t begin = page.offset(i);
    if (begin < Page::kHeaderBytes + 2 * page.entries() || begin + page_offset + 8 > page.bytes.size())
      return damage(page.number, "an item that is not within it");
    children.push_back(u32_at(page.bytes, begin + page_offset));
  }
  if (children.empty()) return damage(page.number, "a page that leads nowhere");
  return children;
}

/// Walks a tree and hands out its leaves from left to right. Ends, since the levels fall and no page is taken
/// twice.
class TreeWalker {
 public:
  explicit TreeWalker(PageFile& file) : file_(file) {}

  template <typename TakeLeaf>
  Outcome<void> walk(std::uint32_t root, const TakeLeaf& take_leaf) {
    const auto page = file_.take(root);
    if (!page) return page.error();
    if (auto done = descend(*page, take_leaf); !done) return done;
    return last_leaf_next_ == 0 ? Outcome<void>()
                                : damage(last_leaf_, "it leads to a page that is not in the tree");
  }

 private:
  template <typename TakeLeaf>
  Outcome<void> descend(const Page& page, const TakeLeaf& take_leaf) {
    switch (page.type()) {
      case PageType::kBtreeLeaf:
      case PageType::kRecnoLeaf:
      case PageType::kDuplicateLeaf:
        if (page.level() != 1) return damage(page.number, "a leaf of another level");
        if (page.previous() != last_leaf_ || (last_leaf_ != 0 && last_leaf_next_ != page.number))
          return damage(page.number, "it does not follow the leaf before it");
        last_leaf_ = page.number;
        last_leaf_next_ = page.next();
        return take_leaf(page);
      case PageType::kBtreeInternal:
      case PageType::kRecnoInternal:
        return descend_from(page, take_leaf);
      default:
        return damage(page.number, "a page of a tree was expected");
    }
  }

  template <typename TakeLeaf>
  Outcome<void> descend_from(const Page& page, const TakeLeaf& take_leaf) {
    const auto children = children_of(page);
    if (!children) return children.error();
    for (const std::uint32_t number : *children) {
      const auto child = file_.take(number);
      if (!child) return child.error();
      if (child->level() + 1 != page.level())
        return damage(number, "it is on another level than it should be");
      if (auto done = descend(*child, take_leaf); !done) return done;
    }
    return {};
  }

  PageFile& file_;
  std::uint32_t last_leaf_ = 0;
  std::uint32_t last_leaf_next_ = 0;
};

class BtreeReader {
 public:
  explicit BtreeReader(PageFile& file) : file_(file), pairs_(file.bytes()) {}

  Outcome<std::vector<StoredPair>> read() {
    auto done = TreeWalker(file_).walk(u32_at(file_.meta(), kRoot),
                                       [this](const Page& page) { return read_leaf(page); });
    if (!done) return done.error();
    return pairs_.take();
  }

 private:
  Outcome<void> read_leaf(const Page& page) {
    if (page.type() != PageType::kBtreeLeaf) return damage(page.number, "a leaf of keys was expected");
    if (page.entries() % 2 != 0) return damage(page.number, "a key without a value");
    for (std::size_t i = 0; i < page.entries(); i += 2) {
      if (auto done = read_pair(page, i); !done) return done;
    }
    return {};
  }

  Outcome<void> read_pair(const Page& page, std::size_t i) {
    // Several values of one key share its place; a long one is in pages that can be taken once.
    if (i == 0 || page.offset(i) != page.offset(i - 2)) {
      if (auto done = read_key(page, i); !done) return done;
    } else if (!file_.allows_duplicates()) {
      return damage(page.number, "a key that comes twice");
    }
    const auto item = item_at(page, i + 1);
    if (!item) return item.error();
    if (item->kind == kDuplicateTree) {
      auto values = read_duplicates(file_, item->page);
      if (!values) return values.error();
      for (std::string& value : *values)
        if (!pairs_.add(key_, std::move(value))) return too_many_values(key_);
      return {};
    }
    auto value = item->kind == kData ? Outcome<std::string>(std::string(item->bytes))
                                     : file_.take_overflow(item->page, item->size);
    if (!value) return value.error();
    if (!item->is_deleted && !pairs_.add(key_, *std::move(value))) return too_many_values(key_);
    return {};
  }

  Outcome<void> read_key(const Page& page, std::size_t i) {
    const auto item = item_at(page, i);
    if (!item) return item.error();
    if (item->kind == kDuplicateTree) return damage(page.number, "an item of no known kind");
    auto key = item->kind == kData ? Outcome<std::string>(std::string(item->bytes))
                                   : file_.take_overflow(item->page, item->size);
    if (!key) return key.error();
    if (has_key_ && (*key < key_ || (*key == key_ && !file_.allows_duplicates())))
      return damage(page.number, "its keys are not in order");
    key_ = *std::move(key);
    has_key_ = true;
    return {};
  }

  PageFile& file_;
  std::string key_;  ///< the last one
  bool has_key_ = false;
  StoredPairs pairs_;
};

}  // namespace

Outcome<std::vector<StoredPair>> read_btree(PageFile& file) {
  return BtreeReader(file).read();
}

Outcome<std::vector<std::string>> read_duplicates(PageFile& file, std::uint32_t root) {
  std::vector<std::string> values;
  auto done = TreeWalker(file).walk(root, [&](const Page& page) -> Outcome<void> {
    if (page.type() == PageType::kBtreeLeaf) return damage(page.number, "a leaf of values was expected");
    for (std::size_t i = 0; i < page.entries(); ++i) {
      const auto item = item_at(page, i);
      if (!item) return item.error();
      if (item->kind == kDuplicateTree) return damage(page.number, "an item of no known kind");
      auto value = item->kind == kData ? Outcome<std::string>(std::string(item->bytes))
                                       : file.take_overflow(item->page, item->size);
      if (!value) return value.error();
      if (!item->is_deleted) values.push_back(*std::move(value));
    }
    return {};
  });
  if (!done) return done.error();
  return values;
}

}  // namespace tsmtp::mailertable
