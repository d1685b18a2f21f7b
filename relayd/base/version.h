// What was built: the version, and the commit of the sources, which --version says. For programs only:
// whatever uses it is linked anew with every commit.
#pragma once

#include <string>
#include <string_view>

namespace tsmtp::base {

/// Abbreviated; empty if nobody knew when it was built. Written by cmake/Commit.cmake.
[[nodiscard]] std::string_view commit();

/// "0.1.0 (0123456789ab)".
[[nodiscard]] inline std::string version() {
  std::string text = TSMTP_VERSION;
  if (!commit().empty()) text.append(" (").append(commit()).append(")");
  return text;
}

}  // namespace tsmtp::base
