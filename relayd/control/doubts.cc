#include "relayd/control/doubts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "relayd/base/bytes.h"
#include "relayd/control/field.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

constexpr std::string_view kSiteTitle = "site";

std::string user_text(const MailInDoubt& mail) {
  if (!mail.client_address.empty()) return base::escaped(mail.client_address);
  return mail.user ? std::to_string(*mail.user) : "-";
}

std::string site_text(const MailInDoubt& mail) {
  return base::escaped(mail.far_hub.empty() ? mail.site : mail.site + '/' + mail.far_hub);
}

std::string since_text(const MailInDoubt& mail, base::WallTime now) {
  return fmt::format("{} ({} ago)", local_time(mail.since, now),
                     span_text(std::chrono::duration_cast<std::chrono::seconds>(now - mail.since)));
}

std::string remark(const MailInDoubt& mail) {
  const std::string by = mail.hub.empty() ? "" : "  first tried by hub " + base::escaped(mail.hub);
  if (mail.is_tried_again) return by + "  is being tried again";
  return by + (mail.is_known ? "  was delivered" : "");
}

// A mail that was delivered is in doubt no more, and is kept all the same.
std::string count_text(const MailsInDoubt& doubts) {
  const auto delivered = static_cast<std::size_t>(std::count_if(
      doubts.mails.begin(), doubts.mails.end(), [](const auto& mail) { return mail.is_known; }));
  const std::size_t in_doubt = doubts.mails.size() - delivered;
  std::string out = fmt::format("{} mail{} in doubt", in_doubt, in_doubt == 1 ? "" : "s");
  if (delivered > 0) out += fmt::format(", {} delivered and kept in case the MTA tries again", delivered);
  return out;
}

}  // namespace

std::string doubts_text(const MailsInDoubt& doubts) {
  const std::size_t total = doubts.mails.size();
  if (total == 0) return "no mail is in doubt\n";
  const std::size_t shown = std::min(total, kMaxDoubtsShown);
  std::size_t width = kSiteTitle.size();
  for (std::size_t i = 0; i < shown; ++i)
    width = std::max(width, site_text(doubts.mails[i]).size());
  std::string out = fmt::format("{:<{}}  {:<{}}  {:>10}  {:>10}  {:<19}  {}\n", "ID", kShownIdDigits,
                                kSiteTitle, width, "recipients", "user", "forgotten", "in doubt since");
  for (std::size_t i = 0; i < shown; ++i) {
    const MailInDoubt& mail = doubts.mails[i];
    out += fmt::format("{:<{}}  {:<{}}  {:>10}  {:>10}  {:<19}  {}{}\n", mail.id.substr(0, kShownIdDigits),
                       kShownIdDigits, site_text(mail), width, mail.recipients, user_text(mail),
                       local_time(mail.forgotten, doubts.now), since_text(mail, doubts.now), remark(mail));
  }
  out += count_text(doubts);
  if (shown < total) out += fmt::format(", the oldest {} are shown", shown);
  return out + '\n';
}

std::string doubts_json(const MailsInDoubt& doubts) {
  const std::size_t shown = std::min(doubts.mails.size(), kMaxDoubtsShown);
  Json mails = Json::array();
  for (std::size_t i = 0; i < shown; ++i) {
    const MailInDoubt& mail = doubts.mails[i];
    mails.push_back(Json{{"id", mail.id},
                         {"site", mail.site},
                         {"since", rfc3339(mail.since)},
                         {"forgotten", rfc3339(mail.forgotten)},
                         {"recipients", mail.recipients},
                         {"user", mail.user ? Json(*mail.user) : Json(nullptr)},
                         {"tried_again_now", mail.is_tried_again}});
    if (!mail.client_address.empty()) mails.back()["client"] = mail.client_address;
    if (!mail.far_hub.empty()) mails.back()["hub"] = mail.far_hub;
    if (!mail.hub.empty()) mails.back()["tried_by"] = mail.hub;
    if (mail.is_known) mails.back()["delivered"] = true;
  }
  const Json out{{"now", rfc3339(doubts.now)}, {"total", doubts.mails.size()}, {"mails", mails}};
  constexpr int kIndentOfDoubts = 2;
  return out.dump(kIndentOfDoubts, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace tsmtp::control
