// Audit records in systemd's journal: an entry each.
#pragma once

#include "relayd/daemon/audit_sink.h"
#include "relayd/daemon/journal_socket.h"

namespace tsmtp::daemon {

class AuditJournal : public AuditSink {
 public:
  explicit AuditJournal(std::string socket_path = JournalSocket::kPath) : journal_(std::move(socket_path)) {}

  [[nodiscard]] AuditWrite write(const AuditRecord& record) override;

 private:
  JournalSocket journal_;
};

}  // namespace tsmtp::daemon
