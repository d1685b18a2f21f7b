// The service extensions an EHLO reply offers (RFC 5321 section 4.1.1.1), as far as tsmtp carries them. The
// near side offers what the far MTA offers: this is what is learnt there and said here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "relayd/smtp/command.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::smtp {

struct Extensions {
  bool pipelining = false;              ///< RFC 2920
  bool eight_bit_mime = false;          ///< RFC 6152
  bool dsn = false;                     ///< RFC 3461
  bool enhanced_status_codes = false;   ///< RFC 2034
  bool chunking = false;                ///< RFC 3030, BDAT; without BINARYMIME
  bool smtputf8 = false;                ///< RFC 6531
  std::optional<std::uint64_t> size{};  ///< RFC 1870: octets a message may have; 0 where no limit is named
  /// RFC 2852: the least by-time in seconds that is taken; 0 where none is named.
  std::optional<std::uint64_t> deliver_by{};

  friend bool operator==(const Extensions&, const Extensions&) = default;
};

/// Reads an EHLO reply. Its first line is the greeting; unknown keywords are passed over.
[[nodiscard]] Extensions parse_extensions(const Reply& ehlo);

/// The keyword lines of an EHLO reply that offers `extensions`.
[[nodiscard]] std::vector<std::string> keyword_lines(const Extensions& extensions);

/// Checks the parameters of MAIL (RCPT) against what is offered: SIZE, BODY, RET, ENVID, SMTPUTF8 and BY
/// (NOTIFY and ORCPT). The reply refuses the first one that is not: 555 5.5.4, or 501 5.5.4 for a bad value.
[[nodiscard]] std::optional<Reply> check_mail_parameters(const PathCommand& mail, const Extensions& offered);
[[nodiscard]] std::optional<Reply> check_rcpt_parameters(const PathCommand& rcpt, const Extensions& offered);

/// The value of SIZE=, 0 without one. Only after check_mail_parameters.
[[nodiscard]] std::uint64_t declared_size(const PathCommand& mail);

}  // namespace tsmtp::smtp
