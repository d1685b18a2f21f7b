// Reads files whole: the text of a table, from a file or from standard input, and tables.
#pragma once

#include <string>

#include "mailertable/files/failure.h"

namespace tsmtp::mailertable {

/// The name of `path` in messages: itself, or "<stdin>" for "-".
[[nodiscard]] std::string display_name(const std::string& path);

/// The whole content of `path`, or of standard input for "-". Fails with EX_NOINPUT.
[[nodiscard]] Outcome<std::string> read_input(const std::string& path);

/// The whole content of `path`, read while nobody writes it: under a shared flock(2), which sendmail takes
/// for a lookup. Fails with EX_NOINPUT, or with EX_TEMPFAIL when another keeps it locked.
[[nodiscard]] Outcome<std::string> read_locked(const std::string& path);

}  // namespace tsmtp::mailertable
