#include "relayd/control/audit_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/field.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

constexpr std::size_t kShownBytes = 1024;

// A thousand recipients of whatever length must not make a line of megabytes (P6).
std::string shown(std::string_view text) {
  return std::string(text.substr(0, kShownBytes));
}

// "delivered", "refused", "deferred", or "partly" when some recipients have the mail and others have not.
std::string_view result_of(const mail::Summary& summary) {
  const auto delivered = [](const mail::RecipientResult& r) { return r.reply.is_positive(); };
  const auto& recipients = summary.recipients;
  const auto reached = std::count_if(recipients.begin(), recipients.end(), delivered);
  if (recipients.empty() ? summary.reply.is_positive() : reached == std::ssize(recipients))
    return "delivered";
  if (reached > 0) return "partly";
  const auto refused = [](const mail::RecipientResult& r) { return r.reply.is_permanent(); };
  const bool for_good = recipients.empty() ? summary.reply.is_permanent()
                                           : std::all_of(recipients.begin(), recipients.end(), refused);
  return for_good ? "refused" : "deferred";
}

// The enhanced status code at the front of a reply's text (RFC 2034 section 3), empty if there is none.
std::string_view enhanced_status(const smtp::Reply& reply) {
  const std::string_view line = reply.lines.empty() ? std::string_view() : reply.lines.front();
  const std::string_view word = line.substr(0, line.find(' '));
  constexpr std::size_t kMaxBytes = 9;  // "5.123.123"
  const bool is_code = word.size() >= 5 && word.size() <= kMaxBytes && word[1] == '.' &&
                       word[0] == static_cast<char>('0' + reply.code / 100) && word.back() != '.' &&
                       std::count(word.begin(), word.end(), '.') == 2 && word[2] != '.' &&
                       word.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_code ? word : std::string_view();
}

void put_reply(Json& out, const smtp::Reply& reply) {
  const std::string_view enhanced = enhanced_status(reply);
  out["code"] = reply.code;
  out["enhanced"] = enhanced.empty() ? Json(nullptr) : Json(enhanced);
  out["reply"] = shown(reply.summary());
}

long long milliseconds(base::Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

const char* direction_of(const mail::Summary& summary) {
  return summary.direction == mail::Direction::kOut ? "out" : "in";
}

}  // namespace

std::string audit_record(const mail::Summary& summary, std::string_view hub, base::WallTime now) {
  Json out;
  out["time"] = rfc3339_milliseconds(now);
  out["kind"] = "mail";
  out["hub"] = hub;
  out["site"] = summary.site;
  out["site_hub"] = summary.hub.empty() ? Json(nullptr) : Json(summary.hub);
  out["direction"] = direction_of(summary);
  out["transaction"] = base::hex(summary.transaction);
  out["protocol"] = summary.lmtp ? "lmtp" : "smtp";
  out["helo"] = shown(summary.helo);
  out["sender"] = shown(summary.sender);
  out["recipients"] = Json::array();
  for (const mail::RecipientResult& recipient : summary.recipients) {
    Json entry{{"address", shown(recipient.address)}};
    put_reply(entry, recipient.reply);
    out["recipients"].push_back(std::move(entry));
  }
  out["size"] = summary.size_bytes;
  out["link_bytes"] = summary.link_bytes;
  put_reply(out, summary.reply);
  out["result"] = result_of(summary);
  out["repeated"] = summary.repeated;
  out["without_etcd"] = summary.without_etcd;
  Json& took = out["milliseconds"] = Json{{"total", milliseconds(summary.took.total)}};
  for (const mail::TookPart& part : mail::kTookParts)
    took[std::string(part.name)] = milliseconds(summary.took.*part.value);
  if (summary.direction == mail::Direction::kIn) took["connecting"] = milliseconds(summary.took.connecting);
  constexpr int kOneLine = -1;
  constexpr bool kEnsureAscii = true;
  return out.dump(kOneLine, ' ', kEnsureAscii, Json::error_handler_t::replace);
}

std::string journal_entry(const mail::Summary& summary, std::string_view hub, std::string_view record) {
  std::string out = "SYSLOG_IDENTIFIER=tsmtp-audit\nSYSLOG_FACILITY=2\n";  // LOG_MAIL
  out += result_of(summary) == "delivered" ? "PRIORITY=6\n" : "PRIORITY=4\n";
  const auto put = [&out](std::string_view name, std::string_view value) {
    out.append("TSMTP_").append(name) += '=';
    out.append(base::escaped(value, kShownBytes)) += '\n';  // no line end is left in it
  };
  put("HUB", hub);
  put("SITE", summary.site);
  put("DIRECTION", direction_of(summary));
  put("TRANSACTION", base::hex(summary.transaction));
  put("SENDER", summary.sender);
  for (const mail::RecipientResult& recipient : summary.recipients)
    put("RECIPIENT", recipient.address);
  put("CODE", std::to_string(summary.reply.code));
  put("RESULT", result_of(summary));
  if (summary.without_etcd) put("WITHOUT_ETCD", "1");
  out.append("MESSAGE=").append(record) += '\n';
  return out;
}

}  // namespace tsmtp::control
