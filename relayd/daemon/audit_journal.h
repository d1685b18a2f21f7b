// Audit records in systemd's journal, by its native protocol: a datagram each to journald's socket.
#pragma once

#include "relayd/base/descriptor.h"
#include "relayd/daemon/audit_sink.h"

namespace tsmtp::daemon {

class AuditJournal : public AuditSink {
 public:
  explicit AuditJournal(std::string socket_path = "/run/systemd/journal/socket");

  [[nodiscard]] AuditWrite write(const AuditRecord& record) override;

 private:
  [[nodiscard]] bool send(const std::string& entry) const;
  [[nodiscard]] bool send_in_memory_file(const std::string& entry) const;

  std::string path_;
  base::Descriptor socket_;
};

}  // namespace tsmtp::daemon
