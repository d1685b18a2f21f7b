#include "mailertable/routes/entry_compiler.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "mailertable/routes/held.h"
#include "mailertable/text/in_quotes.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

bool has_class(const DirectoryEntry& entry, std::string_view wanted) {
  const auto& classes = entry.values("objectclass");
  return std::any_of(classes.begin(), classes.end(),
                     [&](const std::string& one) { return base::ascii_lower(one) == wanted; });
}

bool holds(const std::vector<std::string>& values, const std::string& wanted) {
  return !wanted.empty() && std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    return base::ascii_lower(trimmed(value)) == base::ascii_lower(wanted);
  });
}

/// What would end a line, or begin another one: no key or value has it.
bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; });
}

class EntryCompiler {
 public:
  EntryCompiler(const Sites& sites, const RouteRules& rules) : sites_(sites), rules_(rules) {}

  void take(const DirectoryEntry& entry) {
    if (rules_.reads_tsmtp && has_class(entry, "tsmtpsite")) take_site(entry);
    if (rules_.reads_tsmtp && has_class(entry, "tsmtproute")) take_route(entry);
    if (rules_.reads_tsmtp && has_class(entry, "tsmtprelease")) take_release(entry);
    if (rules_.reads_sendmail && has_class(entry, "sendmailmtamapobject")) take_map_object(entry);
  }

  Routes finish() && {
    // By entry, then by key: the order of values is the server's whim.
    std::stable_sort(routes_.lines.begin(), routes_.lines.end(), [](const RouteLine& a, const RouteLine& b) {
      return std::tie(a.origin.dn, a.key) < std::tie(b.origin.dn, b.key);
    });
    return std::move(routes_);
  }

 private:
  void error(const Origin& origin, std::string message) {
    routes_.findings.error(origin.place(), std::move(message));
  }
  void warning(const Origin& origin, std::string message) {
    routes_.findings.warning(origin.place(), std::move(message));
  }

  /// The one value of `attribute`; says why if there is none, or more than one.
  const std::string* only_value(const DirectoryEntry& entry, const std::string& attribute,
                                const std::string& of_many) {
    const auto& values = entry.values(base::ascii_lower(attribute));
    const Origin whole{entry.dn, attribute, ""};
    if (values.empty())
      error(whole, "the entry has none, or does not show it to the DN that reads it");
    else if (values.size() > 1)
      error(whole, "the entry has " + std::to_string(values.size()) + " values, " + in_quotes(values[0]) +
                       " and " + in_quotes(values[1]) + (values.size() > 2 ? " among them" : "") + of_many);
    return values.size() == 1 ? &values.front() : nullptr;
  }

  void take_site(const DirectoryEntry& entry) {
    const std::string* const written = only_value(entry, "tsmtpSiteName", "; a site has one name");
    if (written == nullptr) return;
    const std::string name = base::ascii_lower(trimmed(*written));
    const auto& domains = entry.values("tsmtpdomain");
    if (name == base::ascii_lower(rules_.own_site.empty() ? sites_.hub : rules_.own_site)) {
      for (const std::string& domain : domains)
        routes_.let_go.insert(base::ascii_lower(trimmed(domain)));
      return;
    }
    const auto site = std::find_if(sites_.all.begin(), sites_.all.end(),
                                   [&](const Site& one) { return base::ascii_lower(one.name) == name; });
    const bool is_known = site != sites_.all.end();
    if (!is_known)
      warning({entry.dn, "tsmtpSiteName", *written},
              sites_.file +
                  " knows no such site, so mail for its domains is held; add the site there, or if "
                  "it is this hub's own, name it with --own-site");
    if (is_known) routes_.domains.try_emplace(site->name);
    for (const std::string& domain : domains)
      take_domain(entry, domain, is_known ? &*site : nullptr, name);
  }

  void take_domain(const DirectoryEntry& entry, const std::string& written, const Site* site,
                   const std::string& name) {
    const Origin origin{entry.dn, "tsmtpDomain", written};
    base::DomainSet set;
    if (const auto added = set.add(trimmed(written)); !added) return error(origin, added.error().message);
    const std::string& domain = set.patterns().front();
    if (site == nullptr) return add({domain, held_of_unknown_site(name), origin});
    std::string route = site->route();
    if (route.empty() && !site->sockets.empty()) route = "tsmtp:" + site->sockets.front();
    if (route.empty()) return error(origin, "site " + in_quotes(site->name) + " has no address");
    if (auto& domains = routes_.domains[site->name]; !domains.add(domain)) return;
    add({domain, route, origin});
  }

  void take_route(const DirectoryEntry& entry) {
    const std::string* const value = only_value(entry, "tsmtpRouteValue", "; a route has one");
    if (value != nullptr) take_keys(entry, "tsmtpRouteKey", "tsmtpRouteValue", *value);
  }

  void take_release(const DirectoryEntry& entry) {
    for (const std::string& domain : entry.values("tsmtpdomain"))
      routes_.let_go.insert(base::ascii_lower(trimmed(domain)));
  }

  // cf/README, "USING LDAP FOR ALIASES, MAPS, AND CLASSES": the lookup has -1, and knows no other attributes.
  void take_map_object(const DirectoryEntry& entry) {
    if (!holds(entry.values("sendmailmtamapname"), "mailer")) return;
    const auto& clusters = entry.values("sendmailmtacluster");
    const auto& hosts = entry.values("sendmailmtahost");
    if (clusters.empty() && hosts.empty())
      warning({entry.dn, "", ""},
              "the entry names no sendmailMTACluster and no sendmailMTAHost, so no sendmail would find it; "
              "name one of them");
    if (!holds(clusters, rules_.cluster) && !holds(hosts, rules_.host)) return;
    for (const char* const further : {"sendmailMTAMapSearch", "sendmailMTAMapURL"}) {
      for (const std::string& value : entry.values(base::ascii_lower(further)))
        error({entry.dn, further, value},
              "it leads to another search, which a table cannot follow; write its result as "
              "sendmailMTAMapValue");
    }
    const std::string* const value =
        only_value(entry, "sendmailMTAMapValue",
                   ": sendmail takes two values for none, and would send the mail out in clear; leave one");
    if (value != nullptr) take_keys(entry, "sendmailMTAKey", "sendmailMTAMapValue", *value, true);
  }

  void take_keys(const DirectoryEntry& entry, const std::string& key_attribute,
                 const std::string& value_attribute, const std::string& value, bool is_of_sendmail = false) {
    const Origin of_value{entry.dn, value_attribute, value};
    if (has_control_character(value))
      return error(of_value, "a line end or another control character in it; write one line of text");
    if (trimmed(value).empty())
      return error(of_value, "it is empty; write a route such as tsmtp:[127.0.5.2]");
    const auto& keys = entry.values(base::ascii_lower(key_attribute));
    if (keys.empty())
      error({entry.dn, key_attribute, ""}, "the entry has none, or does not show it to the DN that reads it");
    for (const std::string& written : keys) {
      const Origin origin{entry.dn, key_attribute, written};
      const std::string key = base::ascii_lower(trimmed(written));
      if (key.empty() || key.starts_with('#') || has_control_character(written) ||
          key.find_first_of(" \t") != std::string::npos)
        error(origin,
              "that is no domain; a key is a host or domain (birl.example), all names below a domain "
              "(.birl.example), or \".\" for the rest");
      else
        add({key, std::string(trimmed(value)), origin, is_of_sendmail});
    }
  }

  void add(RouteLine line) {
    const auto [known, is_new] = of_key_.try_emplace(line.key, routes_.lines.size());
    if (is_new) return routes_.lines.push_back(std::move(line));
    const RouteLine& first = routes_.lines[known->second];
    const std::string where =
        base::escaped(first.origin.dn, kDnShown) + " has the key " + in_quotes(line.key);
    if (first.is_of_sendmail && line.is_of_sendmail)
      return error(line.origin, where +
                                    " too: sendmail's LDAP lookup takes two records for none, and would send "
                                    "the mail out in clear; remove one of the two");
    // A directory on its way from one schema to the other may say the same in both.
    if (first.is_of_sendmail != line.is_of_sendmail && first.value == line.value) return;
    error(line.origin, where + " too; remove one of the two");
  }

  static constexpr std::size_t kDnShown = 400;

  const Sites& sites_;
  const RouteRules& rules_;
  Routes routes_;
  std::map<std::string, std::size_t> of_key_;  ///< index of the line
};

}  // namespace

Routes compile_entries(const std::vector<const DirectoryEntry*>& entries, const Sites& sites,
                       const RouteRules& rules) {
  EntryCompiler compiler(sites, rules);
  for (const DirectoryEntry* entry : entries)
    compiler.take(*entry);
  return std::move(compiler).finish();
}

std::string filter_of(const RouteRules& rules, const std::string& further) {
  std::string filter = "(|";
  if (rules.reads_tsmtp)
    filter += "(objectClass=tsmtpSite)(objectClass=tsmtpRoute)(objectClass=tsmtpRelease)";
  if (rules.reads_sendmail) filter += "(&(objectClass=sendmailMTAMapObject)(sendmailMTAMapName=mailer))";
  filter += ')';
  return further.empty() ? filter : "(&" + filter + further + ')';
}

}  // namespace tsmtp::mailertable
