// The service: follows the directory for as long as the process lives, and has the tables follow it. A
// directory that is away, wrong or half there leaves them as they are.
#pragma once

#include <chrono>

#include "mailertable/directory/directory_reader.h"
#include "mailertable/following/publication.h"

namespace tsmtp::mailertable {

enum class LogTo { kStandardError, kSyslog };

/// Runs until SIGTERM or SIGINT. SIGHUP reads relayd.toml and the local texts again, as happens every minute.
/// Returns an exit status of sysexits(3).
[[nodiscard]] int follow(DirectoryReader& reader, Publication& publication, LogTo log);

}  // namespace tsmtp::mailertable
