// Lines of a control connection, within a fixed bound. A line ends at LF, with or without CR before it; what
// is passed on always ends with CRLF. CRs and NULs inside are left to the reader of the line to refuse.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::forward::ftp {

/// Of commands and replies, without line end.
inline constexpr std::size_t kMaxLineBytes = 4096;
/// So much of a line that is too long is read to its end.
inline constexpr std::size_t kMaxSkippedBytes = std::size_t{64} << 10;

struct Line {
  std::string text;       ///< without its end
  bool too_long = false;  ///< said as soon as that is known; its text is gone
};

class LineReader {
 public:
  /// Consumes from the front of `input`; nothing when more bytes are needed. An error: a line has no end.
  [[nodiscard]] base::Result<std::optional<Line>> read(std::string_view& input);
  /// Nothing of a next line has come.
  [[nodiscard]] bool at_line_start() const { return line_.empty() && skipped_bytes_ == 0; }

 private:
  [[nodiscard]] base::Result<void> skip(std::string_view& input);

  std::string line_;
  std::size_t skipped_bytes_ = 0;  // of a line that is too long, as far as it has come
};

}  // namespace tsmtp::forward::ftp
