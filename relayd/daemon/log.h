// Log lines to stderr, syslog or systemd's journal, by spdlog. The facility is mail, where an administrator
// of MTAs looks. Never waits for a reader (log_queue.h).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "relayd/base/log.h"
#include "relayd/daemon/journal_socket.h"
#include "relayd/daemon/later.h"
#include "relayd/settings/hub.h"

namespace tsmtp::daemon {

struct LogPlace {
  settings::LogTarget target = settings::LogTarget::kStderr;
  std::string hub{};  ///< this one's name, for the journal's fields
  std::string journal = JournalSocket::kPath;
};

class Log : public base::Logger {
 public:
  /// Lines that could not be written because nobody read them, or the disk was full.
  [[nodiscard]] virtual std::uint64_t lines_lost() const = 0;
};

/// To stderr the lines that come until `later` runs go in one piece, unless one is more than information. A
/// process that is killed meanwhile takes them with it. Where stderr is systemd's journal, a line goes to the
/// journal by its fields; or, if its socket is not there, to stderr as "<PRIORITY>TEXT" (sd-daemon(3)), for
/// the journal has time and name of its own. Lines that the reader does not take are tried again by
/// `in_a_while`. Nothing that `later` was given may run after the logger is gone.
[[nodiscard]] std::unique_ptr<Log> make_logger(const LogPlace& place, Later later, Later in_a_while = {});

}  // namespace tsmtp::daemon
