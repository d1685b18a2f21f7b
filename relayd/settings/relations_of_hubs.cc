// What must hold between the [[site.hub]] sections of a site, and between those of all sites.
#include <algorithm>
#include <string>

#include "relayd/settings/pin.h"
#include "relayd/settings/relations.h"
#include "relayd/settings/unique.h"

namespace tsmtp::settings {
namespace {

// Each costs a link with its memory, whether it carries mail or not.
constexpr std::size_t kMaxHubs = 16;

std::string hub_text(const Site& site, const SiteHub& hub) {
  const std::string of_site = "site \"" + site.name + '"';
  return site.hubs.size() == 1 ? of_site : "hub \"" + hub.name + "\" of " + of_site;
}

// Who has one hub says pin and dial in [[site]]; both forms together could mean two things.
void check_form(const Site& site, const Places& places, const std::vector<Places>& hubs,
                base::Diagnostics& diagnostics) {
  if (hubs.empty()) {
    if (!places.keys.contains("pin"))
      diagnostics.error(places.header,
                        "missing key \"pin\" in [[site]]: pins of the site's keys; or a section [[site.hub]] "
                        "for each of its hubs");
    return;
  }
  for (const char* key : {"pin", "dial"})
    if (places.keys.contains(key))
      diagnostics.error(places.of(key),
                        std::string(key) + ": belongs to each [[site.hub]] of a site that has such sections");
  if (site.hubs.size() > kMaxHubs)
    diagnostics.error(hubs[kMaxHubs].header, "more than " + std::to_string(kMaxHubs) + " hubs of one site");
}

void check_hub_names(const Site& site, const std::vector<Places>& places, base::Diagnostics& diagnostics) {
  Unique names("the name", diagnostics);
  for (std::size_t i = 0; i < places.size(); ++i)
    if (!site.hubs[i].name.empty())
      names.add(site.hubs[i].name, "a hub of this site above", places[i].of("name"));
}

void check_dial(const Site& site, const SiteHub& hub, const Places& places, const ConfigPlaces& all,
                const Hub& own, base::Diagnostics& diagnostics) {
  if (!hub.dial.empty() || !own.listen.empty() || !places.trusted("dial") || !all.hub.trusted("listen"))
    return;
  diagnostics.error(places.of("dial"),
                    "the link to " + hub_text(site, hub) +
                        " could never come up: nothing to \"dial\", and the hub does not \"listen\"");
}

void check_proxy(const Site& site, const Places& places, bool dials, base::Diagnostics& diagnostics) {
  if (!places.trusted("dial_through")) return;
  const base::Location& where = places.of("dial_through");
  const bool has_user = site.link.proxy && !site.link.proxy->user.empty();
  const bool has_password = !site.link.proxy_password_file.empty();
  if (site.link.proxy && !dials)
    diagnostics.error(where, "dial_through: there is nothing to \"dial\" through it");
  if (has_user && !has_password && places.trusted("dial_through_password"))
    diagnostics.error(
        where, "dial_through: has a user, so \"dial_through_password\" must name the file with its password");
  if (has_password && !has_user)
    diagnostics.error(places.of("dial_through_password"),
                      "dial_through_password: \"dial_through\" names no user who has one");
}

void check_proxied(const Site& site, const SiteHub& hub, const Places& places,
                   base::Diagnostics& diagnostics) {
  constexpr std::size_t kMaxName = 255;
  for (const base::HostPort& address : hub.dial)
    if (site.link.proxy && address.host.size() > kMaxName)
      diagnostics.error(places.of("dial"), "dial: a proxy takes no name of more than 255 bytes");
}

}  // namespace

void relate_hubs(Config& config, const ConfigPlaces& places, base::Diagnostics& diagnostics) {
  Unique pins("the pin", diagnostics);
  for (std::size_t i = 0; i < config.sites.size(); ++i) {
    Site& site = config.sites[i];
    const Places& of_site = places.sites[i];
    const std::vector<Places>& of_hubs = places.hubs[i];
    check_form(site, of_site, of_hubs, diagnostics);
    check_hub_names(site, of_hubs, diagnostics);
    if (site.hubs.empty()) site.hubs.emplace_back();
    if (of_hubs.empty()) site.hubs.front().name = site.name;
    bool dials = false;
    for (std::size_t j = 0; j < site.hubs.size(); ++j) {
      const SiteHub& hub = site.hubs[j];
      const Places& of_hub = of_hubs.empty() ? of_site : of_hubs[j];
      dials = dials || !hub.dial.empty() || !of_hub.trusted("dial");
      check_dial(site, hub, of_hub, places, config.hub, diagnostics);
      check_proxied(site, hub, of_hub, diagnostics);
      for (const std::string& pin : hub.pins)
        pins.add(pin_text(pin), hub_text(site, hub), of_hub.of("pin"));
    }
    check_proxy(site, of_site, dials, diagnostics);
  }
}

}  // namespace tsmtp::settings
