#include "relayd/control/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "relayd/base/bytes.h"
#include "relayd/control/field.h"
#include "relayd/control/time_text.h"

namespace tsmtp::control {
namespace {

// relayctl resolve takes as much of it as is unique.
constexpr std::size_t kIdDigitsOfClaim = 12;

}  // namespace

std::string claims_text(const ClaimsShown& claims) {
  if (claims.total == 0) return "no mail is claimed and not ended\n";
  const std::size_t shown = std::min(claims.claims.size(), kMaxClaimsShown);
  std::size_t site_width = 4, hub_width = 3;
  for (std::size_t i = 0; i < shown; ++i) {
    site_width = std::max(site_width, base::escaped(claims.claims[i].site).size());
    hub_width = std::max(hub_width, base::escaped(claims.claims[i].hub).size());
  }
  std::string out = fmt::format("{:<{}}  {:<{}}  {:<{}}  {:<10}  {}\n", "ID", kIdDigitsOfClaim, "site",
                                site_width, "hub", hub_width, "state", "claimed");
  for (std::size_t i = 0; i < shown; ++i) {
    const ClaimShown& claim = claims.claims[i];
    out += fmt::format("{:<{}}  {:<{}}  {:<{}}  {:<10}  {} ({} ago)\n", claim.id.substr(0, kIdDigitsOfClaim),
                       kIdDigitsOfClaim, base::escaped(claim.site), site_width, base::escaped(claim.hub),
                       hub_width, claim.state, local_time(claim.since, claims.now),
                       span_text(std::chrono::duration_cast<std::chrono::seconds>(claims.now - claim.since)));
  }
  out += fmt::format("{} mail{}", claims.total, claims.total == 1 ? "" : "s");
  if (shown < claims.total) out += fmt::format(", {} are shown", shown);
  return out + '\n';
}

std::string claims_json(const ClaimsShown& claims) {
  const std::size_t shown = std::min(claims.claims.size(), kMaxClaimsShown);
  Json list = Json::array();
  for (std::size_t i = 0; i < shown; ++i) {
    const ClaimShown& claim = claims.claims[i];
    list.push_back(Json{{"id", claim.id},
                        {"site", claim.site},
                        {"hub", claim.hub},
                        {"since", rfc3339(claim.since)},
                        {"state", claim.state}});
  }
  const Json out{{"now", rfc3339(claims.now)}, {"total", claims.total}, {"claims", list}};
  constexpr int kIndentOfClaims = 2;
  return out.dump(kIndentOfClaims, ' ', true, Json::error_handler_t::replace) + '\n';
}

}  // namespace tsmtp::control
