// The places that log lines go to: standard error, syslog and systemd's journal. None is ever waited for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "relayd/base/descriptor.h"
#include "relayd/daemon/journal_socket.h"
#include "relayd/daemon/log_queue.h"

namespace tsmtp::daemon {

/// Whether standard error is systemd's journal (systemd.exec(5), $JOURNAL_STREAM).
[[nodiscard]] bool stderr_is_journal();

/// A pipe, terminal, file or socket. Of a pipe or terminal an own open file is made, which can be told not to
/// wait without anybody else who holds it noticing.
class StderrOutput : public LogOutput {
 public:
  StderrOutput();
  Written write(std::string_view bytes) override;
  [[nodiscard]] bool joins_lines() const override { return true; }

 private:
  void look();
  [[nodiscard]] int fd() const;

  std::uint64_t device_ = 0, inode_ = 0;  // of what was looked at
  base::Descriptor own_;                  // not open where there is none
  bool is_socket_ = false;
  bool waits_ = false;  // write(2) may: has to be asked first, and given little
};

/// syslog's socket, as syslog(3) uses it, which waits however.
class SyslogOutput : public LogOutput {
 public:
  explicit SyslogOutput(std::string socket_path = "/dev/log") : path_(std::move(socket_path)) {}
  Written write(std::string_view line) override;
  [[nodiscard]] bool joins_lines() const override { return false; }

 private:
  [[nodiscard]] bool connect();

  std::string path_;
  base::Descriptor socket_;
  bool is_stream_ = false;
};

/// systemd's journal. What is written is an entry (log_entry.h).
class JournalOutput : public LogOutput {
 public:
  explicit JournalOutput(std::string socket_path) : journal_(std::move(socket_path)) {}
  Written write(std::string_view entry) override;
  [[nodiscard]] bool joins_lines() const override { return false; }

 private:
  JournalSocket journal_;
};

}  // namespace tsmtp::daemon
