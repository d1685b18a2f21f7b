// Lines of an FTP server's replies (RFC 959 section 4.2), one by one, so that a reply of any length takes the
// memory of a line.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "relayd/forward/ftp/line_reader.h"

namespace tsmtp::forward::ftp {

struct ReplyLine {
  int code = 0;          ///< of the reply that the line belongs to, 100 to 599
  bool is_last = false;  ///< with it the reply is complete
  std::string text;      ///< what is passed on, code included, without line end

  /// What stands behind the code of a last line.
  [[nodiscard]] std::string_view behind_code() const;
  [[nodiscard]] bool is_preliminary() const { return code < 200; }
};

class ReplyReader {
 public:
  /// Consumes from the front of `input`; nothing when more bytes are needed. A line in the midst of a reply
  /// that a client could take for another reply is moved by a blank, as RFC 959 asks of servers; a CR or NUL
  /// becomes a blank. An error: this is no reply.
  [[nodiscard]] base::Result<std::optional<ReplyLine>> read(std::string_view& input);
  /// No reply has begun that is not complete.
  [[nodiscard]] bool between_replies() const { return open_code_ == 0; }
  /// And nothing of a next one has come.
  [[nodiscard]] bool is_empty() const { return between_replies() && lines_.at_line_start(); }

 private:
  [[nodiscard]] base::Result<ReplyLine> judge(std::string line);

  LineReader lines_;
  int open_code_ = 0;  // of a reply whose last line is to come, else 0
};

/// A whole reply, with CRLF.
[[nodiscard]] std::string reply(int code, std::string_view text);

}  // namespace tsmtp::forward::ftp
