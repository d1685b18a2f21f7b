// What must hold between [[service]], [[forward]] and the sites that they name.
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "relayd/base/display_number.h"
#include "relayd/base/nearest.h"
#include "relayd/settings/relations.h"

namespace tsmtp::settings {
namespace {

std::string between_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

Site* find_site(Config& config, std::string_view name) {
  const auto found = std::find_if(config.sites.begin(), config.sites.end(),
                                  [&](const Site& site) { return site.name == name; });
  return found == config.sites.end() ? nullptr : &*found;
}

std::string no_site(const Config& config, const std::string& name) {
  std::vector<std::string_view> names;
  for (const Site& site : config.sites)
    names.push_back(site.name);
  const std::string_view meant = base::nearest(name, names);
  return "no [[site]] has the name " + between_quotes(name) +
         (meant.empty() ? "" : "; did you mean " + between_quotes(meant) + "?");
}

std::string no_display(const base::HostPort& address) {
  return between_quotes(address.to_string()) +
         " is no X display; a port from 6000 on was expected, or a socket such as unix:/tmp/.X11-unix/X0";
}

// Keys that only one protocol has, and that would be believed to do something.
void check_protocol(const Service& service, const Places& places, base::Diagnostics& diagnostics) {
  const auto only_for = [&](const char* key, Protocol protocol, const char* name) {
    if (places.keys.contains(key) && places.trusted("protocol") && service.protocol != protocol)
      diagnostics.error(places.of(key), std::string(key) + ": only for protocol = \"" + name + '"');
  };
  only_for("ftp_refuse", Protocol::kFtp, "ftp");
  only_for("ftp_tls", Protocol::kFtp, "ftp");
  only_for("xauthority", Protocol::kX11, "x11");
  if (service.protocol == Protocol::kFtp && service.to.is_unix())
    diagnostics.error(places.of("to"),
                      "to: an FTP server has data connections, so that an address was expected");
  if (service.protocol == Protocol::kX11 && !service.xauthority.empty() && !base::display_number(service.to))
    diagnostics.error(places.of("to"), "to: " + no_display(service.to));
  if (service.ftp_blind_tls && !service.ftp_refuse.empty())
    diagnostics.error(places.of("ftp_tls"),
                      "ftp_tls: \"blind\" would let commands of \"ftp_refuse\" pass unseen");
  if (places.keys.contains("approve_command") && places.trusted("approve") && !service.asks())
    diagnostics.error(places.of("approve_command"), "approve_command: needs approve = \"ask\"");
}

void check_source(const Service& service, const Places& places, base::Diagnostics& diagnostics) {
  if (service.source != ServiceSource::kProxyProtocol || service.protocol == Protocol::kTcp) return;
  diagnostics.error(places.of("source"), "source: \"proxy_protocol\" is only for protocol = \"tcp\"");
}

// A connection would come out where it went in.
void check_circle(const Config& config, const Service& service, const Places& places,
                  base::Diagnostics& diagnostics) {
  for (const Forward& forward : config.forwards)
    if (std::count(forward.listen.begin(), forward.listen.end(), service.to) > 0)
      diagnostics.error(places.of("to"),
                        "to: " + between_quotes(service.to.to_string()) +
                            " is where a [[forward]] listens: connections would go in circles");
}

void relate_service(Config& config, const Service& service, const Places& places,
                    base::Diagnostics& diagnostics) {
  check_protocol(service, places, diagnostics);
  check_source(service, places, diagnostics);
  check_circle(config, service, places, diagnostics);
  for (const std::string& name : std::set(service.sites.begin(), service.sites.end())) {
    if (Site* const site = find_site(config, name))
      site->services.push_back(service);
    else
      diagnostics.error(places.of("sites"), "sites: " + no_site(config, name));
  }
  if (service.sites.empty() && places.trusted("sites"))
    diagnostics.warning(places.header,
                        "service " + between_quotes(service.name) + " has no \"sites\": nobody may reach it");
}

void check_users(const Forward& forward, const Places& places, base::Diagnostics& diagnostics) {
  for (const base::HostPort& listen : forward.listen) {
    if (listen.is_unix() || base::is_loopback(listen.host)) continue;
    if (!forward.access.allow_users.empty())
      diagnostics.error(places.of("allow_users"),
                        "allow_users: the user of a connection is only known on this machine, and " +
                            between_quotes(listen.to_string()) + " is no loopback address");
    else
      diagnostics.warning(places.of("listen"), "listen: " + between_quotes(listen.to_string()) +
                                                   " is no loopback address: every client that reaches it "
                                                   "reaches the service");
  }
}

void check_displays(const Config& config, const Forward& forward, const Places& places,
                    base::Diagnostics& diagnostics) {
  if (forward.xauthority.empty()) return;
  const auto is_file_of = [&](const auto& other) { return other.xauthority == forward.xauthority; };
  if (std::any_of(config.services.begin(), config.services.end(), is_file_of) ||
      std::count_if(config.forwards.begin(), config.forwards.end(), is_file_of) > 1)
    diagnostics.error(places.of("xauthority"),
                      "xauthority: the file is that of another [[forward]] or "
                      "[[service]]; relayd writes one for each");
  for (const base::HostPort& listen : forward.listen)
    if (!base::display_number(listen))
      diagnostics.error(places.of("listen"), "listen: " + no_display(listen));
}

void relate_forward(Config& config, const Forward& forward, const Places& places,
                    base::Diagnostics& diagnostics) {
  check_users(forward, places, diagnostics);
  check_displays(config, forward, places, diagnostics);
  if (forward.listen.empty() && places.trusted("listen"))
    diagnostics.error(places.of("listen"), "listen: at least one address was expected");
  if (forward.site.empty()) return;
  Site* const site = find_site(config, forward.site);
  if (site == nullptr) return diagnostics.error(places.of("site"), "site: " + no_site(config, forward.site));
  const auto same = [&](const Forward& other) { return other.service == forward.service; };
  if (std::any_of(site->forwards.begin(), site->forwards.end(), same))
    diagnostics.error(places.of("service"),
                      "service: another [[forward]] is for " + between_quotes(forward.service) + " of " +
                          between_quotes(forward.site) + " already; name all addresses in one \"listen\"");
  site->forwards.push_back(forward);
}

}  // namespace

void relate_services(Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.services.size(); ++i) {
    const Service& service = config.services[i];
    if (!service.name.empty() && !names.insert(service.name).second)
      diagnostics.error(places.services[i].of("name"),
                        "the name " + between_quotes(service.name) + " is already that of a service above");
    relate_service(config, service, places.services[i], diagnostics);
  }
  for (std::size_t i = 0; i < config.forwards.size(); ++i)
    relate_forward(config, config.forwards[i], places.forwards[i], diagnostics);
}

}  // namespace tsmtp::settings
