// Looks for two bytes that stand behind each other: line ends that are none, dots that begin a line. All
// content passes by here, so it is done by the block, which a compiler makes into vector instructions.
#pragma once

#include <cstddef>
#include <string_view>

namespace tsmtp::smtp {

/// The first position, from `at` on, of a byte that makes with the one behind it a pair for which `is_wanted`
/// (which must not branch) holds; npos if there is none.
template <typename IsWanted>
[[nodiscard]] std::size_t find_pair(std::string_view text, std::size_t at, IsWanted is_wanted) {
  constexpr std::size_t kBlock = 64;
  while (at + kBlock < text.size()) {
    const char* const block = text.data() + at;
    unsigned char found = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
      found |= static_cast<unsigned char>(is_wanted(block[i], block[i + 1]));
    if (found != 0) break;
    at += kBlock;
  }
  for (; at + 1 < text.size(); ++at)
    if (is_wanted(text[at], text[at + 1])) return at;
  return std::string_view::npos;
}

}  // namespace tsmtp::smtp
