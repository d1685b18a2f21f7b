#include "relayd/smtp/pairs.h"

#include "relayd/base/vectorised.h"

namespace tsmtp::smtp {
namespace {

// Where the first block from `at` on begins that has such a pair, or what is left when there is no whole
// block.
template <std::size_t kBlock, typename IsWanted>
[[gnu::always_inline]] inline std::size_t pass_blocks(std::string_view text, std::size_t at,
                                                      IsWanted is_wanted) {
  for (; at + kBlock < text.size(); at += kBlock) {
    const char* const block = text.data() + at;
    unsigned char found = 0;
    for (std::size_t i = 0; i < kBlock; ++i)
      found |= static_cast<unsigned char>(is_wanted(block[i], block[i + 1]));
    if (found != 0) break;
  }
  return at;
}

// All content passes by here, so it is done by the block, which the compiler makes into vector instructions.
// `is_wanted` must not branch.
template <typename IsWanted>
[[gnu::always_inline]] inline std::size_t find_pair(std::string_view text, std::size_t at,
                                                    IsWanted is_wanted) {
  at = pass_blocks<128>(text, at, is_wanted);
  at = pass_blocks<16>(text, at, is_wanted);
  for (; at + 1 < text.size(); ++at)
    if (is_wanted(text[at], text[at + 1])) return at;
  return std::string_view::npos;
}

}  // namespace

TSMTP_VECTORISED std::size_t find_dot_behind_lf(std::string_view text, std::size_t at) {
  return find_pair(text, at, [](char before, char behind) { return (before == '\n') & (behind == '.'); });
}

TSMTP_VECTORISED bool has_bare_line_end(std::string_view text) {
  return find_pair(text, 0, [](char before, char behind) { return (before == '\r') != (behind == '\n'); }) !=
         std::string_view::npos;
}

}  // namespace tsmtp::smtp
