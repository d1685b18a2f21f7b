// SMTP replies (RFC 5321 section 4.2): written as they go on the wire, and read from it a piece at a time
// within fixed bounds. A reply passed on is passed on word for word, so the text is never interpreted here;
// only what is no text (controls, bytes that are no UTF-8) is '?' from here on, as it ends on terminals and
// in logs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"

namespace tsmtp::smtp {

/// One reply. `lines` holds the text behind the code of each line; at least one, perhaps empty.
struct Reply {
  int code = 0;                    ///< 200 to 599
  std::vector<std::string> lines;  ///< without code, separator and CRLF

  [[nodiscard]] bool is_positive() const { return code >= 200 && code < 300; }
  [[nodiscard]] bool is_intermediate() const { return code >= 300 && code < 400; }
  [[nodiscard]] bool is_transient() const { return code >= 400 && code < 500; }
  [[nodiscard]] bool is_permanent() const { return code >= 500 && code < 600; }

  /// All lines with code, separator and CRLF.
  [[nodiscard]] std::string wire() const;
  /// One line for a log: "250 2.0.0 queued", further lines behind " / ". Not escaped.
  [[nodiscard]] std::string summary() const;

  friend bool operator==(const Reply&, const Reply&) = default;
};

/// A reply of our own: code, enhanced status code (RFC 3463, e.g. "4.4.1"; empty for replies that have none,
/// RFC 2034 section 4) and text. Bytes that base::shown() does not show are replaced by '?', so that no cause
/// can break the line, and none makes it longer than a reader of replies takes.
[[nodiscard]] Reply make_reply(int code, std::string_view enhanced, std::string_view text);

/// As much of `reply`'s lines as so many bytes hold; of the first at least its beginning.
[[nodiscard]] Reply shortened(Reply reply, std::size_t max_bytes);
/// What it takes of memory, and on the wire no more.
[[nodiscard]] std::size_t kept_bytes(const Reply& reply);

/// Reads replies from a stream of bytes. Bounded: a line of at most 2,048 bytes (RFC 5321 section 4.5.3.1.5
/// asks for 512), at most 128 lines in a reply. A bare LF is accepted as a line end, as all clients do; a
/// bare CR becomes '?', and so does whatever base::shown() does not show; NUL is an error.
class ReplyReader {
 public:
  /// Consumes from the front of `input` and returns the first complete reply, or nothing when more bytes are
  /// needed. An error means that the peer does not speak SMTP; the reader is of no use after it.
  [[nodiscard]] base::Result<std::optional<Reply>> read(std::string_view& input);

 private:
  [[nodiscard]] base::Result<std::optional<Reply>> add_line(std::string_view line);

  std::string line_;  // an incomplete line
  Reply reply_;       // an incomplete reply
};

}  // namespace tsmtp::smtp
