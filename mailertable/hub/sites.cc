#include "mailertable/hub/sites.h"

#include <sysexits.h>

#include <algorithm>
#include <sstream>

#include "mailertable/files/input.h"
#include "relayd/base/bytes.h"
#include "relayd/settings/reader.h"

namespace tsmtp::mailertable {

std::string Site::route() const {
  if (hosts.empty()) return "";
  const bool ipv6 = hosts.front().find(':') != std::string::npos;
  return "tsmtp:[" + std::string(ipv6 ? "IPv6:" : "") + hosts.front() + ']';
}

const Site* Sites::at(std::string_view host) const {
  if (host.starts_with('/')) {
    const auto listening = std::find_if(all.begin(), all.end(), [&](const Site& site) {
      return std::find(site.sockets.begin(), site.sockets.end(), host) != site.sockets.end();
    });
    return listening == all.end() ? nullptr : &*listening;
  }
  std::string wanted = base::ascii_lower(host);
  if (wanted.starts_with("ipv6:")) wanted.erase(0, 5);
  if (const auto named = addresses.find(wanted); named != addresses.end()) wanted = named->second;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Site& site) {
    return std::find(site.hosts.begin(), site.hosts.end(), wanted) != site.hosts.end();
  });
  return found == all.end() ? nullptr : &*found;
}

Sites sites_of(const settings::Config& config) {
  Sites sites;
  sites.file = config.file;
  sites.hub = config.hub.name;
  for (const settings::Site& one : config.sites) {
    Site& site = sites.all.emplace_back();
    site.name = one.name;
    site.domains = one.rules.domains;
    site.local = one.rules.local;
    for (const base::HostPort& endpoint : one.endpoints) {
      (endpoint.is_unix() ? site.sockets : site.hosts)
          .push_back(endpoint.is_unix() ? endpoint.unix_path : endpoint.host);
    }
    if (site.hosts.empty() && !one.address.empty()) site.hosts.push_back(one.address);
  }
  return sites;
}

Outcome<Sites> read_sites(const std::string& path, base::Diagnostics& findings) {
  const auto config = settings::read(path, {}, findings);
  if (!config) return Failure{EX_CONFIG, path + " cannot be used", false};
  Sites sites = sites_of(*config);
  if (const auto hosts = read_input("/etc/hosts")) add_hosts(sites, *hosts);
  return sites;
}

void add_hosts(Sites& sites, std::string_view text) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address;
    words >> address;
    for (std::string name; words >> name;)
      sites.addresses.try_emplace(base::ascii_lower(name), address);
  }
}

}  // namespace tsmtp::mailertable
