#include "relayd/smtp/chunk.h"

#include <algorithm>
#include <charconv>

#include "relayd/base/bytes.h"

namespace tsmtp::smtp {

std::string_view Chunk::take(std::string_view unread) {
  const std::string_view taken = unread.substr(0, std::min<std::uint64_t>(unread.size(), left_bytes));
  left_bytes -= taken.size();
  return taken;
}

std::optional<Chunk> parse_chunk(std::string_view argument) {
  Chunk chunk;
  const char* end = argument.data() + argument.size();
  const auto [rest, error] = std::from_chars(argument.data(), end, chunk.bytes);
  if (error != std::errc() || rest == argument.data()) return std::nullopt;
  chunk.left_bytes = chunk.bytes;
  const std::string_view behind(rest, static_cast<std::size_t>(end - rest));
  if (behind.empty()) return chunk;
  const std::size_t word = behind.find_first_not_of(" \t");
  if (word == 0 || base::ascii_upper(behind.substr(std::min(word, behind.size()))) != "LAST")
    return std::nullopt;
  chunk.is_last = true;
  return chunk;
}

}  // namespace tsmtp::smtp
