// Reads what the MTA of this host has logged about one mail: its log file, or the journal where there is
// none.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "relayd/base/result.h"
#include "relayd/diagnosis/mta_log.h"

namespace tsmtp::diagnosis {

/// `file`: the log; empty: where Debian, Red Hat and systemd have it. The end of a large one is read only.
/// Fails if there is no log, or none that we may read.
[[nodiscard]] base::Result<MtaLog> read_mta_log(const std::string& id, const std::string& file);

/// Calls `line` for every line at the end of `file`, the oldest first. False: it cannot be read.
bool for_each_line(const std::string& file, const std::function<void(std::string_view)>& line);

}  // namespace tsmtp::diagnosis
