// A file is replaced whole or not at all, also when the power fails: written aside, synced, renamed, and the
// directory synced.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::net {

/// Who else reads a file: the user, whose file it becomes if we may give it away; else the group, with mode
/// 0640.
struct FileReaders {
  std::optional<uid_t> user;
  std::optional<gid_t> group;  ///< unset: ours
};

/// `path` holds `content` when it returns, or after an error what it held before. Its mode is 0600, and it is
/// ours, unless it has `readers`. Blocks.
[[nodiscard]] base::Result<void> replace_file(const std::string& path, std::string_view content,
                                              const std::optional<FileReaders>& readers = std::nullopt);

}  // namespace tsmtp::net
