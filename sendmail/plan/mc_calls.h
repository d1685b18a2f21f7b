// Reads a sendmail.mc as far as m4's own rules allow without running it: which macros that matter here are
// called at the outermost level, where, and with which arguments. What stands in quotes or behind dnl is no
// call; what an included file says, or ifdef() decides, is not seen: m4 and the proof by sendmail are asked
// afterwards.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tsmtp::sendmail {

struct McCall {
  std::string macro;                   ///< "FEATURE"
  std::vector<std::string> arguments;  ///< without the outermost quotes
  int line = 0;                        ///< from 1
  std::size_t line_begin = 0;          ///< offset of the line where the call begins
  std::size_t line_end = 0;            ///< offset behind the line where it ends

  /// Whether it is `macro` with this first argument.
  [[nodiscard]] bool is(std::string_view wanted, std::string_view argument) const;
  /// The argument at `index` from 0; empty if there is none.
  [[nodiscard]] std::string argument(std::size_t index) const;
};

/// The calls of FEATURE, MAILER, MAILER_DEFINITIONS, define, undefine and include in `mc`.
[[nodiscard]] std::vector<McCall> calls_of(std::string_view mc);

}  // namespace tsmtp::sendmail
