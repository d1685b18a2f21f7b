// The audit record of all mails and connections: makes the records, hands them to a sink, and keeps count of
// those that were lost. A sink in trouble is said in the log once, and once more when it is over.
#pragma once

#include <memory>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/base/log.h"
#include "relayd/claims/possible_duplicate.h"
#include "relayd/control/status.h"
#include "relayd/daemon/audit_sink.h"
#include "relayd/forward/ftp/transfer_line.h"
#include "relayd/forward/summary.h"
#include "relayd/mail/summary.h"

namespace tsmtp::daemon {

class AuditLog {
 public:
  /// `log` is borrowed and outlives it.
  AuditLog(std::string hub, base::Logger& log) : hub_(std::move(hub)), log_(log) {}

  /// From now on records go to `sink`, which `target` named; with none, nowhere.
  void use(std::string target, std::unique_ptr<AuditSink> sink);
  /// `now` is when it ended.
  void record(const mail::Summary& summary, base::WallTime now);
  void record(const forward::Summary& summary, base::WallTime now);
  void record(const forward::ftp::TransferRecord& transfer, base::WallTime now);
  void record(const claims::PossibleDuplicate& mail, base::WallTime now);

  /// Nothing while there is no sink.
  [[nodiscard]] std::optional<control::AuditStatus> status() const;

 private:
  template <typename Summary>
  void write(const Summary& summary, base::WallTime now);
  void note(const AuditWrite& write, base::WallTime now);
  void provoked(base::LogLevel level, const std::string& line);

  std::string hub_;
  base::Logger& log_;
  std::unique_ptr<AuditSink> sink_;
  control::AuditStatus status_;
  std::uint64_t lost_in_this_trouble_ = 0;
};

}  // namespace tsmtp::daemon
