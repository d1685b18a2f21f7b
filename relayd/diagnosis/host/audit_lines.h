// Reads the audit record of this hub, for mails that relayd remembers no more: its file and the one before
// it, or the journal.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/result.h"
#include "relayd/control/trace.h"

namespace tsmtp::diagnosis {

struct AuditPlace {
  std::string target;     ///< hub.audit: a path, or settings::kJournald; empty: no record is kept
  std::string state_dir;  ///< whose owner is relayd's user
};

/// Calls `line` with the records that may be those that are asked for, among others, the oldest first. An
/// error: they could not all be read.
[[nodiscard]] base::Result<void> for_each_record(const AuditPlace& place,
                                                 const control::TraceRequest& request,
                                                 const std::function<void(std::string_view)>& line);

/// What journalctl is asked for, the newest first. Only of what `writer` has written: any local user can send
/// the journal a record that looks like relayd's.
[[nodiscard]] std::vector<std::string> journal_question(const control::TraceRequest& request, uid_t writer);

/// A regular expression that finds `text`.
[[nodiscard]] std::string literally(std::string_view text);

}  // namespace tsmtp::diagnosis
