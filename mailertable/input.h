// Reads the text of a table, from a file or from standard input.
#pragma once

#include <string>

#include "mailertable/failure.h"

namespace tsmtp::mailertable {

/// The name of `path` in messages: itself, or "<stdin>" for "-".
[[nodiscard]] std::string display_name(const std::string& path);

/// The whole content of `path`, or of standard input for "-". Fails with EX_NOINPUT.
[[nodiscard]] Outcome<std::string> read_input(const std::string& path);

}  // namespace tsmtp::mailertable
