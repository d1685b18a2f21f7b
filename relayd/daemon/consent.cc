#include "relayd/daemon/consent.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sysexits.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/approve_request.h"
#include "relayd/control/request.h"
#include "relayd/settings/quantity.h"

namespace tsmtp::daemon {
namespace {

std::string refusal(const base::Error& error) {
  return control::reply_error(error.message, EX_DATAERR);
}

}  // namespace

std::string person(std::optional<uid_t> user) {
  if (!user) return "relayctl";
  const passwd* const entry = getpwuid(*user);
  return (entry != nullptr ? base::escaped(entry->pw_name) : "user " + std::to_string(*user)) +
         " via relayctl";
}

control::ApprovalsShown approvals_shown(const forward::Approvals& approvals, base::TimePoint now,
                                        base::WallTime wall) {
  const auto on_the_wall = [&](base::TimePoint time) {
    return wall + std::chrono::duration_cast<base::WallTime::duration>(time - now);
  };
  control::ApprovalsShown shown{.now = wall, .waiting = {}, .approved = {}};
  for (const auto& one : approvals.waiting())
    shown.waiting.push_back({.id = one.id,
                             .site = one.question.site,
                             .service = one.question.service,
                             .user = one.question.user,
                             .client = one.question.client,
                             .connection = fmt::format("{:016x}", one.question.connection),
                             .since = on_the_wall(one.asked),
                             .until = on_the_wall(one.until)});
  for (const auto& yes : approvals.standing())
    shown.approved.push_back({.id = yes.id,
                              .site = yes.site,
                              .service = yes.service,
                              .by = yes.by,
                              .until = on_the_wall(yes.until)});
  return shown;
}

std::string approve(net::Consent& consent, base::Logger& log, std::string_view argument,
                    std::optional<uid_t> user) {
  const auto request = control::parse_approve(argument);
  if (!request) return refusal(request.error());
  std::optional<base::Duration> lasting;
  if (request->lasting) lasting = *request->lasting;
  const std::string by = person(user);
  const auto about = consent.approve(request->id, by, lasting);
  if (!about) return refusal(about.error());
  const std::string what = "site " + about->site + " to service " + about->service;
  if (!request->lasting) return control::reply_ok("approved: the connection of " + what + "\n");
  const std::string span = settings::duration_text(*request->lasting);
  log.log(base::LogLevel::kInfo, "all connections of " + what + " are approved for " + span + " by " + by);
  return control::reply_ok("approved: all connections of " + what + " for " + span +
                           "; relayctl approvals shows it, and relayctl deny takes it back\n");
}

std::string deny(net::Consent& consent, base::Logger& log, std::string_view argument,
                 std::optional<uid_t> user) {
  const auto id = control::parse_approval_id(argument);
  if (!id) return refusal(id.error());
  const std::string by = person(user);
  const auto taken_back = consent.deny(*id, "denied by " + by);
  if (!taken_back) return refusal(taken_back.error());
  if (!*taken_back) return control::reply_ok("denied\n");
  log.log(base::LogLevel::kInfo, "the approval " + std::to_string(*id) + " is taken back by " + by);
  return control::reply_ok(
      "taken back: connections that come from now on are asked about again; those that "
      "are open stay\n");
}

void take_back_changed(net::Consent& consent, const settings::Config& before, const settings::Config& after) {
  for (const auto& yes : consent.approvals().standing()) {
    const auto is_its = [&](const settings::Service& service) { return service.name == yes.service; };
    const auto was = std::find_if(before.services.begin(), before.services.end(), is_its);
    const auto is = std::find_if(after.services.begin(), after.services.end(), is_its);
    const bool is_same = was != before.services.end() && is != after.services.end() && *was == *is;
    const bool has_site = std::any_of(after.sites.begin(), after.sites.end(),
                                      [&](const settings::Site& site) { return site.name == yes.site; });
    if (!is_same || !has_site) consent.take_back(yes.site, yes.service);
  }
}

}  // namespace tsmtp::daemon
