// A block of lines in somebody else's file that is ours, between two lines that say so. Putting one in and
// taking it out again gives the same bytes, whatever the file holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::sendmail {

/// The beginning of a line that the file's reader skips.
enum class Comment { kHash, kDnl };

/// `text` with `body`, whole lines, in a block at `offset`, the beginning of a line or the end of the text.
/// An empty body makes no block.
[[nodiscard]] std::string with_block(std::string_view text, std::size_t offset, std::string_view body,
                                     Comment comment);

/// `text` without its blocks. Fails if a block begins and does not end, or ends without a beginning; the
/// error names the line.
[[nodiscard]] base::Result<std::string> without_blocks(std::string_view text, Comment comment);

/// The content of the blocks of `text`, without their first and last lines.
[[nodiscard]] std::string blocks_of(std::string_view text, Comment comment);

}  // namespace tsmtp::sendmail
