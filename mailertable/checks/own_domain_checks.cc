#include "mailertable/checks/own_domain_checks.h"

#include <set>
#include <string>
#include <string_view>

#include "mailertable/text/in_quotes.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

/// sendmail relays for all below a name, too.
bool is_relayed(const SendmailCf& cf, std::string_view domain) {
  for (;;) {
    if (cf.relayed_names.contains(domain)) return true;
    const std::size_t dot = domain.find('.');
    if (dot == std::string_view::npos) return false;
    domain.remove_prefix(dot + 1);
  }
}

std::string remedy(const SendmailCf& cf) {
  const bool has_file = !cf.local_names_file.empty();
  return "if its mailboxes are on this host, add it to " +
         (has_file ? base::escaped(cf.local_names_file, 200)
                   : "/etc/mail/local-host-names, and FEATURE(`use_cw_file') to sendmail.mc") +
         "; if this host hands its mail on, to /etc/mail/relay-domains; then restart sendmail";
}

}  // namespace

void check_own_domains(const Sites& sites, const SendmailCf& cf, base::Diagnostics& findings) {
  std::set<std::string_view> told;
  for (const Site& site : sites.all) {
    for (const std::string& domain : site.local.patterns()) {
      if (domain.starts_with('.') || cf.local_names.contains(domain) || is_relayed(cf, domain)) continue;
      if (!told.insert(domain).second) continue;
      findings.warning({cf.file, 0, 0},
                       in_quotes(domain) + " is in `local' of site " + in_quotes(site.name) + " in " +
                           sites.file +
                           ", but sendmail does not take mail for it, so that from the site would bounce "
                           "(Relaying denied): " +
                           remedy(cf));
    }
  }
}

}  // namespace tsmtp::mailertable
