// Replaces a text, whole and at once, as table_writer.h does a table.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

/// Writes `text` as the file `path`, which keeps its owner and mode, or gets `new_mode` if it is new. Fails
/// with EX_CANTCREAT or EX_IOERR; then the file is as it was.
[[nodiscard]] Outcome<void> replace_text(const std::string& path, std::string_view text,
                                         mode_t new_mode = 0640);

}  // namespace tsmtp::mailertable
