#include "relayd/settings/relations.h"

#include <algorithm>
#include <string>
#include <utility>

#include "relayd/settings/unique.h"

namespace tsmtp::settings {
namespace {

constexpr std::uint16_t kEndpointPort = 5000;  // the paper's

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string owner_of(const Site& site) {
  return "site " + in_quotes(site.name);
}

void check_names(const Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics) {
  Unique names("the name", diagnostics);
  if (!config.hub.name.empty()) names.add(config.hub.name, "this hub", places.hub.of("name"));
  for (std::size_t i = 0; i < config.sites.size(); ++i)
    if (!config.sites[i].name.empty())
      names.add(config.sites[i].name, "a site above", places.sites[i].of("name"));
}

void check_addresses(const Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics) {
  Unique addresses("the address", diagnostics);
  for (std::size_t i = 0; i < config.sites.size(); ++i)
    if (!config.sites[i].address.empty())
      addresses.add(config.sites[i].address, owner_of(config.sites[i]), places.sites[i].of("address"));

  Unique listeners("the address to listen on", diagnostics);
  for (const base::HostPort& listen : config.hub.listen)
    listeners.add(listen.to_string(), "hub.listen", places.hub.of("listen"));
  if (config.hub.metrics)
    listeners.add(config.hub.metrics->to_string(), "hub.metrics", places.hub.of("metrics"));
  listeners.add("unix:" + config.hub.control, "hub.control", places.hub.of("control"));
  for (std::size_t i = 0; i < config.sites.size(); ++i) {
    const Places& site = places.sites[i];
    const base::Location& where = site.keys.contains("endpoint") ? site.of("endpoint") : site.of("address");
    for (const base::HostPort& endpoint : config.sites[i].endpoints)
      listeners.add(endpoint.to_string(), owner_of(config.sites[i]), where);
  }
  for (std::size_t i = 0; i < config.forwards.size(); ++i)
    for (const base::HostPort& listen : config.forwards[i].listen)
      listeners.add(listen.to_string(), "a [[forward]] above", places.forwards[i].of("listen"));
}

// relayd would append its records to that file.
void check_audit(const Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics) {
  if (config.hub.audit.empty()) return;
  for (const auto& [key, path] :
       {std::pair{"identity", config.hub.identity}, std::pair{"control", config.hub.control},
        std::pair{"state_dir", config.hub.state_dir}})
    if (config.hub.audit == path)
      diagnostics.error(places.hub.of("audit"), "audit: " + in_quotes(path) + " is already hub." + key);
}

void check_no_loop(const Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < config.sites.size(); ++i) {
    const base::HostPort& deliver = config.sites[i].deliver;
    for (const Site& other : config.sites)
      if (std::count(other.endpoints.begin(), other.endpoints.end(), deliver) > 0)
        diagnostics.error(places.sites[i].of("deliver"), "deliver: " + in_quotes(deliver.to_string()) +
                                                             " is an endpoint of " + owner_of(other) +
                                                             ", not our MTA: mail would go in circles");
  }
}

void fill_in_local(Site& site, const Places& places, const Hub& hub, const Places& hub_places,
                   base::Diagnostics& diagnostics) {
  if (places.keys.contains("local") || !hub_places.trusted("domains")) return;
  site.rules.local = hub.domains;
  if (hub.domains.empty())
    diagnostics.error(
        places.header,
        "missing key \"local\" in [[site]]: recipients that are accepted from the site; or name "
        "this hub's domains once for all sites, as \"domains\" in [hub]");
}

void fill_in_endpoints(Site& site, const Places& places, base::Diagnostics& diagnostics) {
  if (!site.endpoints.empty() || !places.trusted("address") || !places.trusted("endpoint")) return;
  if (!site.address.empty())
    site.endpoints.push_back({.host = site.address, .port = kEndpointPort, .unix_path = {}});
  else
    diagnostics.error(
        places.of("endpoint"),
        "missing key \"address\" in [[site]], such as \"127.0.5.2\" (or \"endpoint\", with a single site): "
        "it is where our MTA hands mail over");
}

void check_exposure(const Site& site, const Places& places, base::Diagnostics& diagnostics) {
  for (const base::HostPort& endpoint : site.endpoints)
    if (!endpoint.is_unix() && !base::is_loopback(endpoint.host))
      diagnostics.warning(
          places.of("endpoint"),
          "endpoint: " + in_quotes(endpoint.to_string()) +
              " is no loopback address: every client that reaches it can send mail to the site");
}

void check_metrics(const Hub& hub, const Places& places, base::Diagnostics& diagnostics) {
  if (!hub.metrics || hub.metrics->is_unix() || base::is_loopback(hub.metrics->host)) return;
  diagnostics.warning(
      places.of("metrics"),
      "metrics: " + in_quotes(hub.metrics->to_string()) +
          " is no loopback address: every client that reaches it can read which sites there are and how "
          "much mail goes to them");
}

void check_access(const Site& site, const Places& places, base::Diagnostics& diagnostics) {
  for (const base::HostPort& endpoint : site.endpoints)
    if (!site.access.allow_users.empty() && !endpoint.is_unix() && !base::is_loopback(endpoint.host))
      diagnostics.error(places.of("allow_users"),
                        "allow_users: the user of a connection is only known on this machine, and " +
                            in_quotes(endpoint.to_string()) + " is no loopback address");
}

void check_origin(const Site& site, const Places& places, base::Diagnostics& diagnostics) {
  if (site.origin != Origin::kNone && site.address.empty() && places.trusted("address"))
    diagnostics.error(places.of("origin"),
                      "origin: needs \"address\", the site address, which our MTA is told");
}

void check_source(const Site& site, const Places& places, base::Diagnostics& diagnostics) {
  if (!site.address.empty() || site.endpoints.empty() || !places.trusted("address") || site.deliver.is_unix())
    return;
  diagnostics.warning(
      places.header,
      owner_of(site) +
          " has no \"address\": its mail reaches our MTA from 127.0.0.1, for which sendmail's stock "
          "rules relay; only \"local\" stands before it");
}

void check_bindable(const Site& site, const Places& places, base::Diagnostics& diagnostics) {
  const bool on_loopback =
      !site.deliver.is_unix() && base::is_ipv4(site.deliver.host) && site.deliver.host.starts_with("127.");
  if (site.address.empty() || on_loopback || site.origin != Origin::kNone) return;
  diagnostics.warning(
      places.of("deliver"),
      "deliver: " + in_quotes(site.deliver.to_string()) +
          " cannot be reached from the site address: our MTA will not see which site a mail comes "
          "from; give it an address in 127.0.0.0/8, or tell it by \"origin\"");
}

void check_overlap(const Site& site, const Places& places, base::Diagnostics& diagnostics) {
  const std::vector<std::string>& local = site.rules.local.patterns();
  const bool is_own = places.keys.contains("local");
  for (const std::string& pattern : site.rules.domains.patterns())
    if (pattern != "." && std::count(local.begin(), local.end(), pattern) > 0)
      diagnostics.warning(
          places.of(is_own ? "local" : "domains"),
          is_own ? "local: " + in_quotes(pattern) + " is in \"domains\" too: mail to it may go in circles"
                 : "domains: " + in_quotes(pattern) +
                       " is in \"domains\" of [hub] too: mail to it may go in circles");
}

}  // namespace

const base::Location& Places::of(std::string_view key) const {
  const auto found = keys.find(key);
  return found != keys.end() ? found->second : header;
}

void relate(Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < config.sites.size(); ++i) {
    fill_in_local(config.sites[i], places.sites[i], config.hub, places.hub, diagnostics);
    fill_in_endpoints(config.sites[i], places.sites[i], diagnostics);
    check_exposure(config.sites[i], places.sites[i], diagnostics);
    check_access(config.sites[i], places.sites[i], diagnostics);
    check_origin(config.sites[i], places.sites[i], diagnostics);
    check_source(config.sites[i], places.sites[i], diagnostics);
    check_bindable(config.sites[i], places.sites[i], diagnostics);
    check_overlap(config.sites[i], places.sites[i], diagnostics);
  }
  relate_ledger(config, places, diagnostics);
  relate_services(config, places, diagnostics);
  check_names(config, places, diagnostics);
  relate_hubs(config, places, diagnostics);
  check_addresses(config, places, diagnostics);
  check_audit(config, places, diagnostics);
  check_metrics(config.hub, places.hub, diagnostics);
  check_no_loop(config, places, diagnostics);
  if (config.sites.empty() && !diagnostics.has_errors())
    diagnostics.warning({.file = config.file, .line = 0, .column = 0},
                        "no [[site]]: there is nobody to exchange mail with");
}

}  // namespace tsmtp::settings
