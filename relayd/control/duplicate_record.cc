#include "relayd/control/duplicate_record.h"

#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/field_forms.h"

namespace tsmtp::control {

std::string audit_record(const claims::PossibleDuplicate& mail, std::string_view hub, base::WallTime now) {
  Json out;
  out["time"] = rfc3339_milliseconds(now);
  out["kind"] = "possible_duplicate";
  out["hub"] = hub;
  out["site"] = mail.name.site;
  out["transaction"] = base::hex(mail.name.transaction);
  out["lost_hub"] = mail.resent.claimed_by;
  constexpr int kOneLineOnly = -1;
  constexpr bool kEnsureAscii = true;
  return out.dump(kOneLineOnly, ' ', kEnsureAscii, Json::error_handler_t::replace);
}

std::string journal_entry(const claims::PossibleDuplicate& mail, std::string_view hub,
                          std::string_view record) {
  std::string out =
      "SYSLOG_IDENTIFIER=tsmtp-audit\nSYSLOG_FACILITY=3\nPRIORITY=4\n";  // LOG_DAEMON, LOG_WARNING
  const auto put = [&out](std::string_view name, std::string_view value) {
    out.append("TSMTP_").append(name) += '=';
    out.append(base::escaped(value)) += '\n';  // no line end is left in it
  };
  put("HUB", hub);
  put("SITE", mail.name.site);
  put("TRANSACTION", base::hex(mail.name.transaction));
  put("LOST_HUB", mail.resent.claimed_by);
  out.append("MESSAGE=").append(record) += '\n';
  return out;
}

}  // namespace tsmtp::control
