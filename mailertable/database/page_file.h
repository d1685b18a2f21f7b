// The pages of a Berkeley DB file, read by ourselves: the library trusts what a page says, and a damaged
// table would crash it, hang it or make it answer wrongly. Here every offset is checked before it is used,
// and every page is taken at most once, so that reading always ends. The format is that of db_page.h of
// Berkeley DB 5.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

/// What a page is for.
enum class PageType : std::uint8_t {
  kUnused = 0,
  kHashUnsorted = 2,
  kBtreeInternal = 3,
  kRecnoInternal = 4,
  kBtreeLeaf = 5,
  kRecnoLeaf = 6,
  kOverflow = 7,
  kHashMeta = 8,
  kBtreeMeta = 9,
  kDuplicateLeaf = 12,
  kHash = 13,
};

/// Integers in the byte order of this machine, as the library writes them. `at` must be within `bytes`.
[[nodiscard]] std::uint16_t u16_at(std::string_view bytes, std::size_t at);
[[nodiscard]] std::uint32_t u32_at(std::string_view bytes, std::size_t at);

/// One page but the first. Borrows the file.
struct Page {
  static constexpr std::size_t kHeaderBytes = 26;

  std::uint32_t number = 0;
  std::string_view bytes;

  [[nodiscard]] std::uint32_t previous() const { return u32_at(bytes, 12); }
  [[nodiscard]] std::uint32_t next() const { return u32_at(bytes, 16); }
  [[nodiscard]] std::size_t entries() const { return u16_at(bytes, 20); }
  [[nodiscard]] std::size_t free_offset() const { return u16_at(bytes, 22); }
  [[nodiscard]] unsigned level() const { return static_cast<unsigned char>(bytes[24]); }
  [[nodiscard]] PageType type() const { return static_cast<PageType>(bytes[25]); }
  /// Where item `i` begins; `i` is less than entries().
  [[nodiscard]] std::size_t offset(std::size_t i) const { return u16_at(bytes, kHeaderBytes + 2 * i); }
};

/// The whole file. Borrows its bytes.
class PageFile {
 public:
  /// Fails with EX_DATAERR when the first page does not say that this is a whole table of a kind that
  /// sendmail can read.
  [[nodiscard]] static Outcome<PageFile> open(std::string_view bytes);

  [[nodiscard]] std::string_view meta() const { return bytes_.substr(0, page_bytes_); }
  [[nodiscard]] bool is_hash() const { return is_hash_; }
  [[nodiscard]] bool allows_duplicates() const;
  [[nodiscard]] std::uint32_t pages() const { return static_cast<std::uint32_t>(taken_.size()); }
  [[nodiscard]] std::size_t page_bytes() const { return page_bytes_; }
  /// Of the whole file.
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  /// Page `number`, whose index of items fits it. Fails when it was taken before, is not there, or is not
  /// what it should be. A page of zeros, which the library has not used yet, passes as kUnused.
  [[nodiscard]] Outcome<Page> take(std::uint32_t number);

  /// `size` bytes that are kept in a chain of pages of their own, which begins at page `number`.
  [[nodiscard]] Outcome<std::string> take_overflow(std::uint32_t number, std::uint32_t size);

 private:
  PageFile(std::string_view bytes, std::size_t page_bytes, bool is_hash)
      : bytes_(bytes), page_bytes_(page_bytes), is_hash_(is_hash), taken_(bytes.size() / page_bytes) {}

  std::string_view bytes_;
  std::size_t page_bytes_;
  bool is_hash_;
  std::vector<bool> taken_;
};

/// EX_DATAERR: "damaged: page 12: `what`".
[[nodiscard]] Failure damage(std::uint32_t page, const std::string& what);

}  // namespace tsmtp::mailertable
