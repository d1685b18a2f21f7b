// Command lines out of a stream of bytes, within a fixed bound. Only CRLF ends a line (RFC 5321
// section 2.3.8): a bare CR or LF never does, because whoever reads it otherwise can be made to see a command
// where there is none.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tsmtp::smtp {

/// One line, or what is wrong with it. A wrong line is consumed up to its end all the same.
struct Line {
  enum class Kind {
    kGood,
    kTooLong,      ///< longer than the limit; its text is gone
    kBareLineEnd,  ///< ended by LF without CR, or holds a CR without LF
    kNul,          ///< holds a NUL
  };
  Kind kind = Kind::kGood;
  std::string text;  ///< without the line end; only for kGood
};

class LineReader {
 public:
  /// `max_line_bytes`: with CRLF.
  explicit LineReader(std::size_t max_line_bytes) : max_line_bytes_(max_line_bytes) {}

  /// Consumes from the front of `input` up to the end of the first line, and returns that line; nothing when
  /// more bytes are needed. Never keeps more than the limit. A line ends at LF; without CR before it, it is
  /// kBareLineEnd.
  [[nodiscard]] std::optional<Line> read(std::string_view& input);
  /// The beginning of a line was consumed, and not its end.
  [[nodiscard]] bool is_within_line() const { return too_long_ || !line_.empty(); }

 private:
  std::size_t max_line_bytes_;
  std::string line_;
  bool too_long_ = false;
};

}  // namespace tsmtp::smtp
