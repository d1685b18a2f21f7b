#include "sendmail/plan/hub_facts.h"

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/base/host_port.h"

namespace tsmtp::sendmail {
namespace {

void add_once(std::vector<std::string>& all, const std::string& one) {
  if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

std::string plain(const std::string& pattern) {
  return pattern.starts_with('.') ? pattern.substr(1) : pattern;
}

/// The reason against the site `from`, or nothing.
std::string objection(const settings::Site& from) {
  if (from.address.empty()) return "it has no `address', which would tell its mail from this host's own";
  const auto& patterns = from.rules.domains.patterns();
  if (std::find(patterns.begin(), patterns.end(), ".") != patterns.end())
    return "its domains are `.', all there are, and sendmail cannot keep those from leaving by another way";
  const auto tcp = std::find_if(from.endpoints.begin(), from.endpoints.end(),
                                [](const base::HostPort& one) { return !one.is_unix(); });
  if (tcp == from.endpoints.end()) return "its endpoint is a unix socket; give it an address and a port";
  // A name would mean whatever DNS says, and no other text of this form may come into a file of sendmail's.
  if (!base::is_ipv4(tcp->host) || !base::is_loopback(tcp->host))
    return "its endpoint " + base::escaped(tcp->host, 80) +
           " is not on loopback: mail would go there in clear";
  return "";
}

std::string alias_of(const std::string& name) {
  std::string alias = base::ascii_lower(name);
  const auto is_odd = [](char c) { return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'); };
  std::replace_if(alias.begin(), alias.end(), is_odd, '-');
  return alias + ".tsmtp";
}

}  // namespace

std::vector<std::string> SiteFacts::names() const {
  std::vector<std::string> names;
  for (const std::string& pattern : patterns)
    add_once(names, plain(pattern));
  return names;
}

HubFacts facts_of(const settings::Config& config) {
  HubFacts facts;
  bool has_port = false;
  for (const std::string& pattern : config.hub.domains.patterns())
    if (!pattern.starts_with('.')) add_once(facts.own_domains, pattern);
  for (const settings::Site& from : config.sites) {
    for (const std::string& pattern : from.rules.local.patterns())
      if (!pattern.starts_with('.')) add_once(facts.own_domains, pattern);
    if (!from.deliver.is_unix())
      facts.deliveries.push_back({from.name, from.deliver.host, from.deliver.port});
    if (const std::string why = objection(from); !why.empty()) {
      facts.notes.push_back("site " + base::escaped(from.name) + " is left out: " + why +
                            "; write its lines by hand (docs/sendmail.md) or change relayd.toml");
      continue;
    }
    const auto tcp = std::find_if(from.endpoints.begin(), from.endpoints.end(),
                                  [](const base::HostPort& one) { return !one.is_unix(); });
    if (has_port && tcp->port != facts.port)
      facts.findings.push_back("site " + base::escaped(from.name) + ": its endpoint has port " +
                               std::to_string(tcp->port) + " and another site's " +
                               std::to_string(facts.port) + ", but sendmail's mailer knows one port for all");
    facts.port = tcp->port;
    has_port = true;
    SiteFacts& site = facts.sites.emplace_back();
    site.name = from.name;
    site.address = from.address;
    site.host = tcp->host;
    site.alias = alias_of(from.name);
    site.patterns = from.rules.domains.patterns();
    site.any_sender = from.rules.any_sender;
  }
  return facts;
}

}  // namespace tsmtp::sendmail
