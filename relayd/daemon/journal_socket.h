// journald's socket, by its native protocol: a datagram for each entry (systemd, "Native Journal Protocol").
// Must never wait for journald: sd_journal_sendv(3) does, so it is not used.
#pragma once

#include <string>

#include "relayd/base/descriptor.h"

namespace tsmtp::daemon {

class JournalSocket {
 public:
  static constexpr char kPath[] = "/run/systemd/journal/socket";

  explicit JournalSocket(std::string path = kPath) : path_(std::move(path)) {}

  /// `entry`: lines of NAME=VALUE, without a line end in any value. One that is too large for a datagram goes
  /// in a sealed file. 0, or an errno: EAGAIN where journald does not read just now, ENOENT or ECONNREFUSED
  /// where there is none.
  [[nodiscard]] int send(const std::string& entry);
  /// Whether somebody listens there.
  [[nodiscard]] bool is_there() const;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] int send_in_memory_file(const std::string& entry) const;

  std::string path_;
  base::Descriptor socket_;
};

}  // namespace tsmtp::daemon
