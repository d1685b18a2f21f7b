// The Xauthority files of displays, on disk. The one beside a display is only read; the one that programs of
// a forward find their cookie in is relayd's to write, and nobody else's.
#pragma once

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

/// Has the programs of `forward` find `cookie`: its Xauthority file is replaced, whole. It is the first
/// allowed user's if it can be given away, else readable by the group of the forward. Blocks.
[[nodiscard]] base::Result<void> write_authority_file(const settings::Forward& forward,
                                                      std::string_view cookie);

/// The cookie is of no use any more.
void remove_authority_file(const settings::Forward& forward);

}  // namespace tsmtp::net
