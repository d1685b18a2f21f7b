// The files that a configuration is made of: relayd.toml, and those that `include` names. Only regular files
// are read, at most 1 MiB of each; nothing waits for a writer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "relayd/base/diagnostic.h"
#include "relayd/base/result.h"

namespace tsmtp::settings {

/// The largest file that is looked at.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

struct TextFile {
  std::string path;
  std::string text;
};

/// The text of `path`, or nullopt and an error that says what keeps it from being read.
[[nodiscard]] std::optional<std::string> text_of(const std::string& path, base::Diagnostics& diagnostics);

/// The files that `patterns` name, relative to the folder of `main_file`; each once, those of a pattern in
/// the order of their names. Wildcards stand in a pattern's last part, and do not match a leading dot. A
/// pattern that matches nothing, or whose folder is not there, is none; a name without wildcards must be
/// there. As root, no link in a folder that others can write is followed. Errors name the file that they are
/// about.
[[nodiscard]] std::vector<TextFile> included_files(const std::string& main_file,
                                                   const std::vector<std::string>& patterns,
                                                   base::Diagnostics& diagnostics);

/// Where a program may put the file of a new site, so that it is read: the folder of the first pattern with
/// wildcards that matches NAME.toml. The error says that there is none.
[[nodiscard]] base::Result<std::string> place_for_site(const std::string& main_file,
                                                       const std::vector<std::string>& patterns,
                                                       const std::string& name);

}  // namespace tsmtp::settings
