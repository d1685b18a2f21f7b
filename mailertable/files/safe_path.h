// What sendmail's makemap demands of the path of a map: no links to it, no directories on the way that others
// could have changed, permission by the file's own mode even for root (libsmutil's safefile).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace tsmtp::mailertable {

struct SafePathRules {
  bool allow_links = false;  ///< makemap -s
  bool may_create = false;
  uid_t trusted_user = 0;  ///< sendmail's TrustedUser
};

/// What is wrong with `path`, as makemap says it; nothing if it may be used with the permissions in `mode`
/// (S_IRUSR, S_IWUSR). Directories that others may write are named in `warnings`, for root only.
[[nodiscard]] std::optional<std::string> unsafe(const std::string& path, mode_t mode,
                                                const SafePathRules& rules,
                                                std::vector<std::string>& warnings);

}  // namespace tsmtp::mailertable
