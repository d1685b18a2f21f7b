#include "relayd/daemon/audit_sink.h"

#include "relayd/daemon/audit_file.h"
#include "relayd/daemon/audit_journal.h"
#include "relayd/settings/hub.h"

namespace tsmtp::daemon {

base::Result<std::unique_ptr<AuditSink>> open_audit_sink(const std::string& target) {
  using Sink = std::unique_ptr<AuditSink>;
  using Opened = base::Result<Sink>;
  if (target.empty()) return Opened(Sink());
  if (target == settings::kJournald) return Opened(std::make_unique<AuditJournal>());
  auto file = AuditFile::open(target);
  if (!file) return file.error();
  return Opened(std::make_unique<AuditFile>(std::move(*file)));
}

}  // namespace tsmtp::daemon
