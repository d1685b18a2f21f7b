#include "relayd/control/connection_record.h"

#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/field_forms.h"

namespace tsmtp::control {
namespace {

// As in docs: out is to the site.
const char* direction_of(const forward::Summary& summary) {
  return summary.side == forward::Side::kProgram ? "out" : "in";
}

const char* result_of(const forward::Summary& summary) {
  return summary.was_refused ? "refused" : "connected";
}

}  // namespace

std::string audit_record(const forward::Summary& summary, std::string_view hub, base::WallTime now) {
  Json out;
  out["time"] = rfc3339_milliseconds(now);
  out["kind"] = "connection";
  out["hub"] = hub;
  out["site"] = summary.site;
  out["direction"] = direction_of(summary);
  out["service"] = summary.service;
  out["connection"] = forward::id_text(summary.id);
  out["user"] = text_or_null(summary.user);
  out["client"] = text_or_null(summary.client);
  out["begun"] = rfc3339_milliseconds(summary.begun);
  out["to_service"] = summary.to_service;
  out["from_service"] = summary.from_service;
  out["approved_by"] = text_or_null(summary.approved_by);
  out["result"] = result_of(summary);
  out["end"] = summary.end;
  out["milliseconds"] =
      Json{{"total", std::chrono::duration_cast<std::chrono::milliseconds>(summary.duration).count()}};
  constexpr int kOneLineOnly = -1;
  constexpr bool kEnsureAscii = true;
  return out.dump(kOneLineOnly, ' ', kEnsureAscii, Json::error_handler_t::replace);
}

std::string journal_entry(const forward::Summary& summary, std::string_view hub, std::string_view record) {
  std::string out = "SYSLOG_IDENTIFIER=tsmtp-audit\nSYSLOG_FACILITY=3\n";  // LOG_DAEMON
  out += summary.was_refused ? "PRIORITY=4\n" : "PRIORITY=6\n";
  const auto put = [&out](std::string_view name, std::string_view value) {
    out.append("TSMTP_").append(name) += '=';
    out.append(base::escaped(value)) += '\n';  // no line end is left in it
  };
  put("HUB", hub);
  put("SITE", summary.site);
  put("DIRECTION", direction_of(summary));
  put("SERVICE", summary.service);
  put("CONNECTION", forward::id_text(summary.id));
  put("USER", summary.user);
  put("APPROVED_BY", summary.approved_by);
  put("RESULT", result_of(summary));
  out.append("MESSAGE=").append(record) += '\n';
  return out;
}

}  // namespace tsmtp::control
