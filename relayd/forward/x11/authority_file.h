// Xauthority files (xauth(1), Xau(3)): which display wants which authorization. Programs find theirs by
// $XAUTHORITY.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/forward/x11/authorization.h"
#include "relayd/forward/x11/display.h"

namespace tsmtp::forward::x11 {

struct AuthorityEntry {
  std::uint16_t family = 0;  ///< also those that Family does not have
  std::string address;
  std::string number;  ///< empty: of all displays there
  Authorization authorization;

  friend bool operator==(const AuthorityEntry&, const AuthorityEntry&) = default;
};

/// All entries of a file. The error says at which byte it ends too early; it tells nothing of what is there.
[[nodiscard]] base::Result<std::vector<AuthorityEntry>> parse_authority(std::string_view text);
/// Each string of an entry has at most 65535 bytes.
[[nodiscard]] std::string encode(const std::vector<AuthorityEntry>& entries);

/// The cookie that a program would show to `display`: that of the first entry that fits, as Xau(3) looks for
/// it (XauGetBestAuthByAddr). Other kinds of authorization depend on the client, and are passed over.
[[nodiscard]] std::optional<Authorization> cookie_for(const Display& display,
                                                      const std::vector<AuthorityEntry>& entries);

/// The entries by which programs on the host `host_name` find `cookie` for the displays at `addresses`: by
/// its unix socket, by localhost, and by any name of the host. None for an address that is no display's.
[[nodiscard]] std::vector<AuthorityEntry> entries_for(const std::vector<base::HostPort>& addresses,
                                                      std::string_view host_name, std::string_view cookie);

}  // namespace tsmtp::forward::x11
