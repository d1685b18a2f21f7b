#include "relayd/control/transfer_record.h"

#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/field_forms.h"
#include "relayd/forward/summary.h"

namespace tsmtp::control {

std::string audit_record(const forward::ftp::TransferRecord& transfer, std::string_view hub,
                         base::WallTime now) {
  const forward::ftp::Transfer& one = transfer.transfer;
  Json out;
  out["time"] = rfc3339_milliseconds(now);
  out["kind"] = "transfer";
  out["hub"] = hub;
  out["site"] = transfer.site;
  out["service"] = transfer.service;
  out["connection"] = forward::id_text(transfer.id);
  out["command"] = one.verb;
  out["name"] = text_or_null(base::escaped(one.name));
  out["bytes"] = one.bytes;
  out["end"] = forward::ftp::ending_of(one);
  constexpr int kOneLineOnly = -1;
  constexpr bool kEnsureAscii = true;
  return out.dump(kOneLineOnly, ' ', kEnsureAscii, Json::error_handler_t::replace);
}

std::string journal_entry(const forward::ftp::TransferRecord& transfer, std::string_view hub,
                          std::string_view record) {
  std::string out = "SYSLOG_IDENTIFIER=tsmtp-audit\nSYSLOG_FACILITY=3\nPRIORITY=6\n";  // LOG_DAEMON, LOG_INFO
  const auto put = [&out](std::string_view name, std::string_view value) {
    out.append("TSMTP_").append(name) += '=';
    out.append(base::escaped(value)) += '\n';  // no line end is left in it
  };
  put("HUB", hub);
  put("SITE", transfer.site);
  put("SERVICE", transfer.service);
  put("CONNECTION", forward::id_text(transfer.id));
  put("COMMAND", transfer.transfer.verb);
  out.append("MESSAGE=").append(record) += '\n';
  return out;
}

}  // namespace tsmtp::control
