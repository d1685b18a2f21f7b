// A mail to write down.
#pragma once

#include <string>
#include <string_view>

#include "relayd/control/audit_record.h"
#include "relayd/daemon/audit_sink.h"

namespace tsmtp::daemon {

inline const mail::Summary& sample_summary() {
  static const mail::Summary summary = [] {
    mail::Summary s;
    s.site = "birl";
    s.transaction = "\x01\xff";
    s.sender = "a@tokyo.example";
    s.recipients = {{.address = "b@birl.example", .reply = {.code = 250, .lines = {"2.0.0 Ok"}}}};
    s.reply = {.code = 250, .lines = {"2.0.0 Ok"}};
    return s;
  }();
  return summary;
}

inline AuditRecord sample_record(std::string_view line) {
  return {.line = line,
          .journal_entry = [line] { return control::journal_entry(sample_summary(), "tokyo", line); }};
}

}  // namespace tsmtp::daemon
