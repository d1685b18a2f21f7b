// Puts a file in the place of another: written aside, on the disk, then renamed. Whoever opens it at any
// moment, or after a crash at any moment, finds the whole old one or the whole new one.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "mailertable/files/failure.h"
#include "mailertable/files/temporary_file.h"

namespace tsmtp::mailertable {

struct Replacement {
  std::string path;
  /// How long to wait for others' locks on the old file.
  std::chrono::milliseconds lock_patience{30'000};
  /// Who shall own it; else the old one's owner.
  std::optional<uid_t> owner = std::nullopt;
  /// Of a file that replaces none.
  mode_t new_mode = 0640;
  /// Says what speaks against replacing a file that begins with `bytes`, if anything does. Not asked where
  /// there is none.
  std::function<std::optional<std::string>(std::string_view bytes)> objection = nullptr;
  /// Keep the old file locked from before `fill` on, which then may rely on what it holds.
  bool lock_first = false;
  /// In the name of the file that is written aside, so that its writer knows its own again after a crash.
  std::string infix = {};
  /// The name that the old file has from then on; empty, or on a file system that cannot exchange two files:
  /// none. A second name beside the first would have sendmail refuse it (NOHLINK in libsmutil's safefile).
  std::string old_name = {};
};

/// Writes the new file's content. What it wrote need not be on the disk yet.
using Fill = std::function<Outcome<void>(const TemporaryFile& file)>;

/// Lets `fill` write a file and makes it `target.path`. It gets the owner and mode of the one it replaces, or
/// `new_mode` if there is none. A sendmail that has the old one open as a map will notice. Fails with
/// EX_CANTCREAT, EX_IOERR, EX_TEMPFAIL or as `fill` does; then the old file is as it was, unless the Failure
/// says that it was replaced.
[[nodiscard]] Outcome<void> replace_file(const Replacement& target, const Fill& fill);

}  // namespace tsmtp::mailertable
