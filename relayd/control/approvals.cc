#include "relayd/control/approvals.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "relayd/base/bytes.h"
#include "relayd/control/field.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

constexpr std::size_t kShownBytesOfName = 64;

// The other hub's words about the program.
std::string program_text(const ConnectionToApprove& one) {
  if (!one.user.empty()) return base::escaped(one.user, kShownBytesOfName);
  return one.client.empty() ? "-" : base::escaped(one.client, kShownBytesOfName);
}

std::string span(base::WallTime from, base::WallTime to) {
  return span_text(std::chrono::duration_cast<std::chrono::seconds>(to - from));
}

std::size_t width_of(const std::vector<std::vector<std::string>>& rows, std::size_t column) {
  std::size_t width = 0;
  for (const auto& row : rows)
    width = std::max(width, row[column].size());
  return width;
}

// Columns of their own width; the last one is as long as it is.
std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t column = 0; column + 1 < row.size(); ++column)
      out += fmt::format("{:<{}}  ", row[column], width_of(rows, column));
    out += row.back() + '\n';
  }
  return out;
}

}  // namespace

std::string approvals_text(const ApprovalsShown& shown) {
  if (shown.waiting.empty() && shown.approved.empty()) return "nothing waits for approval\n";
  std::vector<std::vector<std::string>> rows{{"ID", "site", "service", "user or client", "state"}};
  for (const ConnectionToApprove& one : shown.waiting)
    rows.push_back({std::to_string(one.id), base::escaped(one.site), base::escaped(one.service),
                    program_text(one),
                    fmt::format("waits since {}, {} left", local_time(one.since, shown.now),
                                span(shown.now, one.until))});
  for (const StandingYes& yes : shown.approved)
    rows.push_back({std::to_string(yes.id), base::escaped(yes.site), base::escaped(yes.service), "all",
                    fmt::format("approved until {} ({} left) by {}", local_time(yes.until, shown.now),
                                span(shown.now, yes.until), base::escaped(yes.by))});
  return table(rows);
}

std::string approvals_json(const ApprovalsShown& shown) {
  Json waiting = Json::array();
  for (const ConnectionToApprove& one : shown.waiting)
    waiting.push_back(Json{{"id", one.id},
                           {"site", one.site},
                           {"service", one.service},
                           {"user", one.user.empty() ? Json(nullptr) : Json(one.user)},
                           {"client", one.client.empty() ? Json(nullptr) : Json(one.client)},
                           {"connection", one.connection},
                           {"since", rfc3339(one.since)},
                           {"until", rfc3339(one.until)}});
  Json approved = Json::array();
  for (const StandingYes& yes : shown.approved)
    approved.push_back(Json{{"id", yes.id},
                            {"site", yes.site},
                            {"service", yes.service},
                            {"by", yes.by},
                            {"until", rfc3339(yes.until)}});
  const Json out{{"now", rfc3339(shown.now)}, {"waiting", waiting}, {"approved", approved}};
  constexpr int kIndentOfApprovals = 2;
  return out.dump(kIndentOfApprovals, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace tsmtp::control
