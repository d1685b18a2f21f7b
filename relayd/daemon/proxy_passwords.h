// Reads the files in which the passwords of proxies stand. A password must never be shown, not in an error
// either.
#pragma once

#include "relayd/base/result.h"
#include "relayd/settings/reader.h"

namespace tsmtp::daemon {

/// Fills in settings::Proxy::password of all sites, as hub.user reads them, whoever we are: a reload must be
/// able to do it again. The error names site, key and file.
[[nodiscard]] base::Result<void> read_proxy_passwords(settings::Config& config);

}  // namespace tsmtp::daemon
