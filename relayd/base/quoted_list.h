// A list of words as TOML writes it.
#pragma once

#include <string>
#include <vector>

namespace tsmtp::base {

/// ["a", "b"]. No word holds a quote, a backslash or a control character.
[[nodiscard]] inline std::string quoted_list(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "\"" : ", \"") + word + '"';
  return '[' + out + ']';
}

}  // namespace tsmtp::base
