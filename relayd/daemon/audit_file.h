// Audit records in a file, a line each, one write(2) a line. The file may be renamed away or removed under
// it, as logrotate does: the next line goes into a new one.
#pragma once

#include "relayd/base/descriptor.h"
#include "relayd/daemon/audit_sink.h"

namespace tsmtp::daemon {

class AuditFile : public AuditSink {
 public:
  /// Appends to the file at `path`; it is made with mode 0640 if it is not there.
  [[nodiscard]] static base::Result<AuditFile> open(const std::string& path);

  [[nodiscard]] AuditWrite write(const AuditRecord& record) override;

 private:
  AuditFile(std::string path, base::Descriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  [[nodiscard]] std::string follow();
  [[nodiscard]] bool is_removed() const;
  void take_back(std::size_t bytes);

  std::string path_;
  base::Descriptor file_;
  bool torn_ = false;  // the file ends in a part of a line
};

}  // namespace tsmtp::daemon
