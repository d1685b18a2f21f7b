// SMTP commands (RFC 5321 section 4.1): a line without its CRLF becomes a verb and arguments. Paths and
// parameters are kept as they were written, so that they can be passed on untouched.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "relayd/smtp/reply.h"

namespace tsmtp::smtp {

enum class Verb {
  kHelo,
  kEhlo,
  kLhlo,
  kMail,
  kRcpt,
  kData,
  kBdat,
  kRset,
  kNoop,
  kQuit,
  kVrfy,
  kExpn,
  kHelp,
  kStarttls,
  kAuth,
  kEtrn,
  kUnknown,
};

struct Command {
  Verb verb = Verb::kUnknown;
  std::string argument;  ///< what stands behind the verb, blanks at both ends removed
};

/// Splits one line. The verb's case does not matter (RFC 5321 section 2.4).
[[nodiscard]] Command parse_command(std::string_view line);

/// What stands between < and > of MAIL FROM or RCPT TO.
struct Path {
  std::string text;        ///< as written, without the angle brackets, source route included
  std::string local_part;  ///< as written, quotes included
  std::string domain;  ///< "birl.example", "[192.0.2.1]"; empty for <> and for an unqualified <postmaster>

  [[nodiscard]] bool is_null() const { return text.empty(); }
};

/// An ESMTP parameter, SIZE=1000: keyword in upper case; the whole as written.
struct Parameter {
  std::string keyword;
  std::string value;
  std::string text;
};

/// The argument of MAIL or RCPT.
struct PathCommand {
  Path path;
  std::vector<Parameter> parameters;

  /// Whether a parameter of that name (in upper case) was given.
  [[nodiscard]] bool has(std::string_view keyword) const;
  /// The parameters as written, separated by one blank; empty without any.
  [[nodiscard]] std::string parameter_text() const;
};

/// A parsed command, or the reply (501 5.5.4, 501 5.1.7, 501 5.1.3 …) that refuses it.
using PathResult = boost::system::result<PathCommand, Reply>;

/// Parses the argument of MAIL: "FROM:<path> parameters". Blanks behind the colon are tolerated, as sendmail
/// tolerates them.
/// Addresses beyond ASCII must be UTF-8 and come with SMTPUTF8 (RFC 6531 section 3.4), else 553 5.6.7.
[[nodiscard]] PathResult parse_mail(std::string_view argument);

/// Parses the argument of RCPT: "TO:<path> parameters". The null path is refused. `utf8`: MAIL came
/// with SMTPUTF8.
[[nodiscard]] PathResult parse_rcpt(std::string_view argument, bool utf8);

}  // namespace tsmtp::smtp
