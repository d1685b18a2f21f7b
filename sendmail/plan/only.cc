#include "sendmail/plan/only.h"

#include <algorithm>

#include "relayd/base/bytes.h"

namespace tsmtp::sendmail {
namespace {

// Characters that a rule of sendmail.cf can hold without quotes that mean something to m4 or to sendmail.
constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-=";

bool is_plain(const std::string& text) {
  return !text.empty() && text.find_first_not_of(kPlain) == std::string::npos;
}

/// How much of `domain` a pattern of the site's answers for; 0: nothing.
std::size_t matched(const SiteFacts& site, const std::string& domain) {
  std::size_t longest = 0;
  for (const std::string& pattern : site.patterns) {
    const bool is_match = pattern.starts_with('.') ? domain.ends_with(pattern) : domain == pattern;
    if (is_match) longest = std::max(longest, pattern.size() + (domain == pattern ? 1 : 0));
  }
  return longest;
}

}  // namespace

std::vector<McWish::Route> only_routes(const std::vector<std::string>& addresses,
                                       const std::vector<SiteFacts>& sites,
                                       std::vector<std::string>& findings) {
  std::vector<McWish::Route> routes;
  for (const std::string& address : addresses) {
    const std::size_t at = address.rfind('@');
    const std::string user = address.substr(0, at);
    const std::string domain = at == std::string::npos ? "" : base::ascii_lower(address.substr(at + 1));
    if (!is_plain(user) || !is_plain(domain)) {
      findings.push_back("--only " + base::escaped(address, 80) +
                         ": write an address like anna@birl.example, without quotes or blanks");
      continue;
    }
    const auto best = std::max_element(
        sites.begin(), sites.end(),
        [&](const SiteFacts& a, const SiteFacts& b) { return matched(a, domain) < matched(b, domain); });
    if (best == sites.end() || matched(*best, domain) == 0)
      findings.push_back("--only " + address + ": no site of relayd.toml has the domain " + domain);
    else
      routes.push_back({user, domain, best->host});
  }
  return routes;
}

}  // namespace tsmtp::sendmail
