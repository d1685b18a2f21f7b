// Reads a sendmail.mc as far as m4's own rules allow without running it: which macros that matter here are
// called at the outermost level, where, and with which arguments, also in the files that it includes. What
// stands in quotes or behind dnl is no call; what ifdef() decides is not seen: m4 and the proof by sendmail
// are asked afterwards.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::sendmail {

/// The text of an included file, or nothing if it cannot be read.
using Included = std::function<std::optional<std::string>(const std::string& path)>;

struct McCall {
  std::string macro;                   ///< "FEATURE"
  std::vector<std::string> arguments;  ///< without the outermost quotes
  std::string file;                    ///< where it stands, if that is included
  int line = 0;                        ///< there, from 1
  std::size_t line_begin = 0;  ///< offset of the line of the .mc where the call, or what includes it, begins
  std::size_t line_end = 0;    ///< offset behind the line where that ends

  /// Whether it is `macro` with this first argument.
  [[nodiscard]] bool is(std::string_view wanted, std::string_view argument) const;
  /// The argument at `index` from 0; empty if there is none.
  [[nodiscard]] std::string argument(std::size_t index) const;
};

/// The calls of FEATURE, MAILER, MAILER_DEFINITIONS, DOMAIN, LOCAL_DOMAIN, define, undefine and include in
/// `mc`, which lies in `directory`, and in what it includes; sendmail's own m4/cf.m4 is left out.
[[nodiscard]] std::vector<McCall> calls_of(std::string_view mc, const Included& included = nullptr,
                                           const std::string& directory = "/etc/mail/");

}  // namespace tsmtp::sendmail
