// BDAT's chunk of content (RFC 3030 section 2): how much it is, and how much of it is still to be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "relayd/smtp/reply.h"

namespace tsmtp::smtp {

struct Chunk {
  std::uint64_t bytes = 0;
  bool is_last = false;
  std::uint64_t left_bytes = 0;    ///< not yet read
  std::optional<Reply> refusal{};  ///< it is read all the same, and then told

  /// What of `unread` belongs to it; that is read then.
  [[nodiscard]] std::string_view take(std::string_view unread);
};

/// Reads BDAT's argument, "1000" or "1000 LAST".
[[nodiscard]] std::optional<Chunk> parse_chunk(std::string_view argument);

}  // namespace tsmtp::smtp
