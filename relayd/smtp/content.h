// Mail content and its dots (RFC 5321 section 4.5.2). The end is CRLF.CRLF and nothing else; content crosses
// the link unstuffed and is stuffed anew, so nothing that one parser took for text can be an end of content
// for the next (CVE-2023-51764).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "relayd/smtp/line_ends.h"

namespace tsmtp::smtp {

/// What DATA sends, unstuffed.
class ContentDecoder {
 public:
  /// Consumes from the front of `input`, appends content to `out`, and says whether the end of content was
  /// reached; what stands behind it stays in `input`. Content ends with CRLF or is empty. Any length of line
  /// passes. A CR or LF alone is text here (line_ends.h judges it): it neither begins nor ends a line.
  [[nodiscard]] bool decode(std::string_view& input, std::string& out);

 private:
  enum class State { kLineStart, kText, kCr, kDot, kDotCr };
  State state_ = State::kLineStart;
};

/// What DATA is to send, stuffed. Trusts nobody: content from the link is checked for line ends again.
class ContentEncoder {
 public:
  /// Appends `content`, stuffed, to `out`. Returns false, having appended nothing that could be taken for an
  /// end, once a bare CR or LF is seen: the transaction must then be given up.
  [[nodiscard]] bool encode(std::string_view content, std::string& out);

  /// Appends the end of content: CRLF where the last line lacks it, then dot CRLF. False where the content
  /// ended in a CR.
  [[nodiscard]] bool finish(std::string& out);

 private:
  LineEndCheck line_ends_;
};

}  // namespace tsmtp::smtp
