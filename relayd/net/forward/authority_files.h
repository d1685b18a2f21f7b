// The Xauthority files of displays, on disk. The one beside a display is only read; the one that programs of
// a forward find their cookie in is relayd's to write, and nobody else's.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/forward/x11/authorization.h"
#include "relayd/settings/forward.h"
#include "relayd/settings/service.h"

namespace tsmtp::net {

/// What the display of `service` wants to be shown, as its Xauthority file says now; nothing where it has
/// none. The error names the file. Blocks, for a regular file of at most 1 MiB.
[[nodiscard]] base::Result<forward::x11::Authorization> display_authorization(
    const settings::Service& service);

/// The Xauthority file of one forward: says which cookie programs must show, and is gone with the forward.
class AuthorityFile {
 public:
  AuthorityFile() = default;
  ~AuthorityFile() { remove(); }
  AuthorityFile(const AuthorityFile&) = delete;
  AuthorityFile& operator=(const AuthorityFile&) = delete;

  /// Has the programs of `forward` find `cookie`, if it has a file for that, and no other file of ours: it is
  /// replaced, whole, unless it is as it should be. It is the first allowed user's if it can be given away,
  /// else readable by the group of the forward. An empty cookie: nothing is known of it. Blocks.
  [[nodiscard]] base::Result<void> keep(const settings::Forward& forward, std::string_view cookie);
  void remove();

 private:
  settings::Forward written_for_{};
  std::string cookie_;  // empty: there is no file of ours
};

}  // namespace tsmtp::net
