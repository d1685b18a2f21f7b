#include "relayd/daemon/audit_journal.h"

#include <cstring>

namespace tsmtp::daemon {

AuditWrite AuditJournal::write(const AuditRecord& record) {
  const int error = journal_.send(record.journal_entry());
  if (error == 0) return {};
  return {.written = false,
          .trouble = journal_.path() + ": journald cannot be told: " + std::strerror(error)};
}

}  // namespace tsmtp::daemon
