#include "mailertable/database/page_file.h"

#include <sysexits.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace tsmtp::mailertable {
namespace {

constexpr std::uint32_t kHashMagic = 0x061561;
constexpr std::uint32_t kBtreeMagic = 0x053162;
constexpr std::size_t kMetaBytes = 512;

// Offsets in the first page.
constexpr std::size_t kMagic = 12;
constexpr std::size_t kVersion = 16;
constexpr std::size_t kPageSize = 20;
constexpr std::size_t kEncryption = 24;
constexpr std::size_t kType = 25;
constexpr std::size_t kMetaFlags = 26;
constexpr std::size_t kLastPage = 32;
constexpr std::size_t kFlags = 48;

std::uint32_t swapped(std::uint32_t value) {
  return value >> 24 | (value >> 8 & 0xff00U) | (value << 8 & 0xff0000U) | value << 24;
}

Failure refusal(std::string message) {
  return {EX_DATAERR, std::move(message), false};
}

/// What is wrong with the numbers of the first page, if something is.
std::optional<std::string> complaint(std::string_view meta, bool is_hash, std::size_t file_bytes) {
  constexpr std::uint32_t kOtherKindsOfHash = 0x2;                       // several databases in one file
  constexpr std::uint32_t kOtherKindsOfBtree = 0x2 | 0x4 | 0x20 | 0x80;  // recno, recnum, several, compressed
  const std::uint32_t version = u32_at(meta, kVersion);
  const std::uint32_t page_bytes = u32_at(meta, kPageSize);
  const auto type = static_cast<PageType>(meta[kType]);
  if (version < 8 || version > 10)
    return "written by another release of Berkeley DB (format " + std::to_string(version) + ")";
  if (meta[kEncryption] != 0 || meta[kMetaFlags] != 0)
    return "encrypted, with checksums or in parts, as no map of sendmail is";
  if ((u32_at(meta, kFlags) & (is_hash ? kOtherKindsOfHash : kOtherKindsOfBtree)) != 0)
    return "a kind of database that is no map of sendmail";
  if (type != (is_hash ? PageType::kHashMeta : PageType::kBtreeMeta))
    return "damaged: the first page is of another type";
  if (!std::has_single_bit(page_bytes) || page_bytes < kMetaBytes || page_bytes > 65536)
    return "damaged: no such page size";
  if (file_bytes % page_bytes != 0) return "damaged: it ends within a page";
  if (file_bytes / page_bytes != std::uint64_t{u32_at(meta, kLastPage)} + 1)
    return "damaged: it should have " + std::to_string(std::uint64_t{u32_at(meta, kLastPage)} + 1) +
           " pages and has " + std::to_string(file_bytes / page_bytes);
  return std::nullopt;
}

}  // namespace

std::uint16_t u16_at(std::string_view bytes, std::size_t at) {
  std::uint16_t value = 0;
  std::memcpy(&value, bytes.substr(at, sizeof value).data(), sizeof value);
  return value;
}

std::uint32_t u32_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.substr(at, sizeof value).data(), sizeof value);
  return value;
}

Outcome<PageFile> PageFile::open(std::string_view bytes) {
  if (bytes.empty()) return refusal("empty: a build was killed, or it never was a table");
  if (bytes.size() < kMetaBytes) return refusal("no Berkeley DB table");
  const std::uint32_t magic = u32_at(bytes, kMagic);
  if (magic == swapped(kHashMagic) || magic == swapped(kBtreeMagic))
    return refusal("written on a machine of another byte order; build it here");
  if (magic != kHashMagic && magic != kBtreeMagic)
    return refusal("no Berkeley DB table of type hash or btree");
  const bool is_hash = magic == kHashMagic;
  if (auto wrong = complaint(bytes.substr(0, kMetaBytes), is_hash, bytes.size()))
    return refusal(*std::move(wrong));
  return PageFile(bytes, u32_at(bytes, kPageSize), is_hash);
}

bool PageFile::allows_duplicates() const {
  return (u32_at(bytes_, kFlags) & 0x1U) != 0;
}

Outcome<Page> PageFile::take(std::uint32_t number) {
  if (number == 0 || number >= taken_.size()) return damage(number, "there is no such page");
  if (taken_[number]) return damage(number, "two places claim it");
  taken_[number] = true;
  const Page page{number, bytes_.substr(number * page_bytes_, page_bytes_)};
  if (page.type() == PageType::kUnused) {
    if (std::any_of(page.bytes.begin() + 20, page.bytes.end(), [](char c) { return c != 0; }))
      return damage(number, "it is in use and says that it is not");
    return page;
  }
  if (u32_at(page.bytes, 8) != number) return damage(number, "it bears another number");
  if (page.type() != PageType::kOverflow && Page::kHeaderBytes + 2 * page.entries() > page_bytes_)
    return damage(number, "more items than a page holds");
  return page;
}

Outcome<std::string> PageFile::take_overflow(std::uint32_t number, std::uint32_t size) {
  std::string data;
  std::uint32_t previous = 0;
  while (number != 0) {
    const auto page = take(number);
    if (!page) return page.error();
    if (page->type() != PageType::kOverflow) return damage(number, "part of a long item was expected");
    if (page->previous() != previous) return damage(number, "it does not follow the page that leads to it");
    const std::size_t here = page->free_offset();
    if (here > page_bytes_ - Page::kHeaderBytes || data.size() + here > size)
      return damage(number, "a long item is longer than it should be");
    data += page->bytes.substr(Page::kHeaderBytes, here);
    previous = number;
    number = page->next();
  }
  if (data.size() != size) return damage(previous, "a long item is shorter than it should be");
  return data;
}

Failure damage(std::uint32_t page, const std::string& what) {
  return refusal("damaged: page " + std::to_string(page) + ": " + what);
}

}  // namespace tsmtp::mailertable
