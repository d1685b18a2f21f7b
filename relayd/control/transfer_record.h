// The audit record of a file or list that FTP has transferred to or from a service here, as one line of JSON,
// beside those of mails and connections. Its keys are a contract, documented in relayd.toml(5): they may be
// added to, never renamed.
#pragma once

#include <string>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/forward/ftp/transfer_line.h"

namespace tsmtp::control {

/// The line, without line end, in ASCII. `now` is when the transfer ended.
[[nodiscard]] std::string audit_record(const forward::ftp::TransferRecord& transfer, std::string_view hub,
                                       base::WallTime now);

/// The same as an entry of systemd's journal, in its native protocol.
[[nodiscard]] std::string journal_entry(const forward::ftp::TransferRecord& transfer, std::string_view hub,
                                        std::string_view record);

}  // namespace tsmtp::control
