// A command of an FTP client (RFC 959 section 4.1). What goes on is written anew from what was understood, so
// that the server cannot read another command than the one that was looked at.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::forward::ftp {

struct Command {
  std::string verb;         ///< in capitals, letters alone
  std::string argument;     ///< as it was written
  bool interrupts = false;  ///< telnet's Interrupt Process stood before it (RFC 959 section 4.1.3, ABORT)

  /// With CRLF, and telnet's IP and Synch in front of one that interrupts.
  [[nodiscard]] std::string wire() const;
};

/// `line` is without its end. An error is the text of a reply with 500.
[[nodiscard]] base::Result<Command> parse_command(std::string_view line);

/// Whether it moves a file or a list over a data connection.
[[nodiscard]] bool is_transfer(std::string_view verb);

}  // namespace tsmtp::forward::ftp
