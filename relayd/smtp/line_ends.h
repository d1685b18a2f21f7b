// Line ends within mail content: CRLF, and nothing else (RFC 5321 section 2.3.8). A CR or LF alone is read as
// a line end by some and as text by others, which is what SMTP smuggling lives on (CVE-2023-51764 and kin);
// so it is either refused or made a CRLF before anybody else sees it.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::smtp {

/// Looks for a CR without LF, or an LF without CR, wherever the pieces are cut.
class LineEndCheck {
 public:
  void look_at(std::string_view piece);
  /// Nothing follows: a CR at the end stays alone.
  void finish();

  [[nodiscard]] bool found_bare() const { return found_bare_; }
  /// All that was seen ended with CRLF, or was empty.
  [[nodiscard]] bool at_line_start() const { return last_ == '\n'; }

 private:
  char last_ = '\n';  // as if a line had ended before the first
  bool found_bare_ = false;
};

/// Makes every line end a CRLF: CRLF itself, a CR alone, an LF alone.
class CanonicalLineEnds {
 public:
  [[nodiscard]] std::string convert(std::string_view piece);

 private:
  bool after_cr_ = false;  // whose CRLF is written already
};

}  // namespace tsmtp::smtp
