#include "mailertable/checks/site_checks.h"

#include <algorithm>
#include <string>

#include "mailertable/checks/entry_report.h"
#include "mailertable/hub/mailers.h"
#include "mailertable/text/in_quotes.h"
#include "mailertable/text/route.h"
#include "relayd/base/bytes.h"
#include "relayd/base/host_port.h"

namespace tsmtp::mailertable {
namespace {

std::string list_of(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words)
    list += (list.empty() ? "" : ", ") + base::escaped(word, 80);
  return list;
}

/// The hosts that the tsmtp mailer is given; empty for other mailers.
std::vector<std::string_view> tsmtp_hosts(const Entry& entry) {
  const auto route = parse_route(entry.value);
  if (!route || base::ascii_lower(route->mailer) != "tsmtp") return {};
  return hosts_of(route->rest);
}

/// Whether all that `key` matches, itself a pattern, is in `set`.
bool covers(const base::DomainSet& set, std::string_view key) {
  return std::any_of(set.patterns().begin(), set.patterns().end(), [&](const std::string& pattern) {
    if (pattern == "." || pattern == key) return true;
    return pattern.front() == '.' && key.size() > pattern.size() && key.ends_with(pattern);
  });
}

class SiteChecker {
 public:
  SiteChecker(const Table& table, const KeyIndex& index, const Sites& sites, base::Diagnostics& findings)
      : table_(table), index_(index), sites_(sites), findings_(findings) {}

  void check() {
    for (const Entry& entry : table_.entries) {
      const auto hosts = tsmtp_hosts(entry);
      for (const std::string_view host : hosts)
        check_destination(entry, host);
      if (hosts.empty()) check_elsewhere(entry);
    }
    for (const Site& site : sites_.all) {
      for (const std::string& pattern : site.domains.patterns())
        check_routed(site, pattern);
    }
  }

 private:
  EntryReport report_on(const Entry& entry) { return {table_.files[entry.file], entry, findings_}; }

  void check_destination(const Entry& entry, std::string_view host) {
    if (host.empty() || host.find('%') != std::string_view::npos) return;
    const auto offset = static_cast<std::size_t>(host.data() - entry.value.data());
    const Site* site = sites_.at(host);
    if (site == nullptr) {
      report_on(entry).value_error(offset, explain_unknown(host));
    } else if (!covers(site->domains, entry.key)) {
      const std::string domains = list_of(site->domains.patterns());
      report_on(entry).key_error(0, in_quotes(entry.key) + " is not among the domains of site " +
                                        in_quotes(site->name) + " (" + domains +
                                        "), so relayd would refuse " + "its mail; add it there in " +
                                        sites_.file + ", or correct the key");
    }
  }

  [[nodiscard]] std::string explain_unknown(std::string_view host) const {
    std::vector<std::string> known;
    for (const Site& site : sites_.all) {
      if (!site.hosts.empty()) known.push_back(site.name + " is at " + site.hosts.front());
    }
    const bool is_name = host.find_first_not_of("0123456789.:abcdefABCDEF") != std::string_view::npos &&
                         !base::is_ipv4(host) && !base::ascii_lower(host).starts_with("ipv6:");
    const bool resolved = sites_.addresses.contains(base::ascii_lower(host));
    std::string message = "no site of " + sites_.file + " is at " + base::escaped(host, 80);
    if (is_name && !resolved) message += ", a name that is not in /etc/hosts";
    return message + "; " + (known.empty() ? "it has no site with an address" : list_of(known));
  }

  // The tunnel's own domain by another way: that is what the table must never say.
  void check_elsewhere(const Entry& entry) {
    if (entry.key == ".") return;
    const auto route = parse_route(entry.value);
    if (!route || Mailers().kind_of(route->mailer) != MailerKind::kNetwork) return;
    const auto owner = std::find_if(sites_.all.begin(), sites_.all.end(), [&](const Site& site) {
      return covers(site.domains, entry.key) && !covers_all(site);
    });
    if (owner == sites_.all.end()) return;
    report_on(entry).value_error(0, in_quotes(entry.key) + " lies behind site " + in_quotes(owner->name) +
                                        ", and this line sends its mail past the link, in clear; write " +
                                        owner->route());
  }

  static bool covers_all(const Site& site) {
    const auto& patterns = site.domains.patterns();
    return std::find(patterns.begin(), patterns.end(), ".") != patterns.end();
  }

  /// What answers for all that `pattern` matches and no line speaks of.
  [[nodiscard]] const Entry* answer_for(std::string_view pattern) const {
    if (const Entry* own = index_.find(pattern)) return own;
    for (std::size_t dot = pattern.find('.', 1); dot != std::string_view::npos;
         dot = pattern.find('.', dot + 1)) {
      if (const Entry* parent = index_.find(pattern.substr(dot))) return parent;
    }
    return index_.find(".");
  }

  void check_routed(const Site& site, const std::string& pattern) {
    if (site.hosts.empty()) return;  // reached by a unix socket: what a line should be depends on the mailer
    const std::string what = in_quotes(pattern) + ", a domain of site " + in_quotes(site.name);
    const Entry* answer = answer_for(pattern);
    if (answer == nullptr) {
      const std::string file = table_.files.empty() ? "" : table_.files.back();
      findings_.error({file, 0, 0}, "no line routes " + what + ": its mail would go out in clear; add \"" +
                                        base::escaped(pattern, 80) + "\t" + site.route() + '"');
      return;
    }
    for (const std::string_view host : tsmtp_hosts(*answer)) {
      const Site* reached = sites_.at(host);
      if (reached == &site || reached == nullptr) return;  // a host that is no site's is reported as such
      report_on(*answer).value_error(
          0, what + ", is sent to site " + in_quotes(reached->name) + " by this line; write " + site.route());
      return;
    }
    const auto route = parse_route(answer->value);
    const bool is_refusal = route && Mailers().kind_of(route->mailer) == MailerKind::kError;
    if (is_refusal || (answer->key == pattern && pattern != ".")) return;  // said by check_elsewhere
    report_on(*answer).key_error(0, "the " + in_quotes(answer->key) + " line catches " + what +
                                        ", and does not send it through the link; add \"" +
                                        base::escaped(pattern, 80) + "\t" + site.route() + '"');
  }

  const Table& table_;
  const KeyIndex& index_;
  const Sites& sites_;
  base::Diagnostics& findings_;
};

}  // namespace

void check_sites(const Table& table, const KeyIndex& index, const Sites& sites, base::Diagnostics& findings) {
  SiteChecker(table, index, sites, findings).check();
}

}  // namespace tsmtp::mailertable
