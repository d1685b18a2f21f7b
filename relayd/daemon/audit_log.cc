#include "relayd/daemon/audit_log.h"

#include "relayd/base/bytes.h"
#include "relayd/control/audit_record.h"
#include "relayd/control/connection_record.h"
#include "relayd/control/duplicate_record.h"
#include "relayd/control/transfer_record.h"

namespace tsmtp::daemon {

void AuditLog::use(std::string target, std::unique_ptr<AuditSink> sink) {
  sink_ = std::move(sink);
  status_.target = std::move(target);
}

void AuditLog::record(const mail::Summary& summary, base::WallTime now) {
  write(summary, now);
}

void AuditLog::record(const forward::Summary& summary, base::WallTime now) {
  write(summary, now);
}

void AuditLog::record(const forward::ftp::TransferRecord& transfer, base::WallTime now) {
  write(transfer, now);
}

void AuditLog::record(const claims::PossibleDuplicate& mail, base::WallTime now) {
  write(mail, now);
}

template <typename Summary>
void AuditLog::write(const Summary& summary, base::WallTime now) {
  if (!sink_) return;
  const std::string line = control::audit_record(summary, hub_, now);
  note(sink_->write(
           {.line = line, .journal_entry = [&] { return control::journal_entry(summary, hub_, line); }}),
       now);
}

void AuditLog::note(const AuditWrite& write, base::WallTime now) {
  ++(write.written ? status_.written : status_.lost);
  if (!write.written) ++lost_in_this_trouble_;
  if (write.trouble == status_.trouble) return;
  if (status_.trouble.empty()) status_.since = now;
  status_.trouble = write.trouble;
  if (!write.trouble.empty()) {
    provoked(base::LogLevel::kError, (write.written ? "audit record: still written, but: "
                                                    : "audit record: records are being lost: ") +
                                         base::escaped(write.trouble));
  } else {
    provoked(base::LogLevel::kWarning,
             "audit record: written again, " + std::to_string(lost_in_this_trouble_) +
                 (lost_in_this_trouble_ == 1 ? " record was" : " records were") + " lost");
    lost_in_this_trouble_ = 0;
  }
}

// A reader of a FIFO that takes a record now and then makes a trouble of every second one.
void AuditLog::provoked(base::LogLevel level, const std::string& line) {
  log_.log_provoked(base::Provoked::kTrouble, "audit", level, line);
}

std::optional<control::AuditStatus> AuditLog::status() const {
  if (!sink_) return {};
  return status_;
}

}  // namespace tsmtp::daemon
