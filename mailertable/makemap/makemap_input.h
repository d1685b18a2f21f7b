// Reads the text that makemap reads, with its limits and its odd ways: pieces of 1023 bytes, C strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mailertable/makemap/makemap_options.h"

namespace tsmtp::mailertable {

/// What a line of the text holds.
struct MakemapLine {
  enum class Kind { kNothing, kEntry, kTooLong, kLeadingBlank, kNoValue };

  Kind kind = Kind::kNothing;
  std::string key;    ///< folded if that is wished; for kEntry and kNoValue
  std::string value;  ///< for kEntry
};

/// The longest piece of input that makemap takes for a line, its line end included.
inline constexpr std::size_t kMakemapPieceBytes = 1023;

/// The line in `piece`, which ends in a line feed, at the end of the file or at the limit.
[[nodiscard]] MakemapLine parse_makemap_line(std::string_view piece, bool at_end_of_file,
                                             const MakemapOptions& options);

/// Takes a descriptor apart into such pieces.
class PieceReader {
 public:
  explicit PieceReader(int fd) : fd_(fd) {}

  /// The next piece; nothing at the end, or when reading fails, which makemap takes for the end.
  [[nodiscard]] std::optional<std::string_view> next();

  /// Whether the piece last returned was ended by the end of the file.
  [[nodiscard]] bool at_end_of_file() const { return at_end_; }

 private:
  /// More input behind what there is. False at the end.
  bool refill();

  int fd_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool at_end_ = false;
};

}  // namespace tsmtp::mailertable
