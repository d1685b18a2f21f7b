// Where audit records go: one record at a time, at once or not at all. A sink never waits: mail must not
// stop because its record cannot be kept.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "relayd/base/result.h"

namespace tsmtp::daemon {

/// A line of JSON, and the same for systemd's journal.
struct AuditRecord {
  std::string_view line;  ///< without line end
  std::function<std::string()> journal_entry;
};

struct AuditWrite {
  bool written = true;
  std::string trouble;  ///< what is wrong and what to do; it may be there though the record was written
};

class AuditSink {
 public:
  virtual ~AuditSink() = default;
  [[nodiscard]] virtual AuditWrite write(const AuditRecord& record) = 0;
};

/// The sink that hub.audit names, none if it is empty; an error if it cannot be written to as things are.
[[nodiscard]] base::Result<std::unique_ptr<AuditSink>> open_audit_sink(const std::string& target);

}  // namespace tsmtp::daemon
