#include "relayd/daemon/site_maker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "relayd/base/bytes.h"
#include "relayd/base/host_port.h"
#include "relayd/control/time_text.h"
#include "relayd/daemon/free_address.h"
#include "relayd/daemon/new_file.h"
#include "relayd/net/io/clocks.h"
#include "relayd/pairing/site_file.h"
#include "relayd/pairing/token.h"
#include "relayd/settings/files.h"
#include "relayd/settings/hub_entry.h"
#include "relayd/settings/pin.h"
#include "relayd/settings/this_host.h"

namespace tsmtp::daemon {
namespace {

constexpr int kTries = 4;  // somebody may take an address between our look and the reload

std::string hosts_file() {
  std::ifstream in("/etc/hosts", std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

pairing::Taken SiteMaker::taken() const {
  const settings::Config& config = host_.config();
  return {.hub_name = config.hub.name,
          .is_named = config.hub.name != settings::name_of_this_host(),
          .own_domains = config.hub.domains,
          .sites = config.sites,
          .revoked = host_.revoked()};
}

base::Result<std::string> SiteMaker::path_for(const std::string& name) const {
  return settings::place_for_site(host_.config_file, host_.config().hub.include, name);
}

base::Result<void> SiteMaker::check(const std::string& name) const {
  const auto path = path_for(name);
  if (!path) return path.error();
  if (access(path->c_str(), F_OK) == 0)
    return base::Error{*path + " is there already; take another name, or remove it and reload"};
  const std::string folder = path->substr(0, path->rfind('/'));
  (void)mkdir(folder.c_str(), 0755);
  if (access(folder.c_str(), W_OK | X_OK) == 0) return host_.can_reload();
  const int error = errno;
  const std::string user = host_.config().hub.user;
  return base::Error{
      folder + ": relayd cannot write the new site there (" + std::strerror(error) + ")" +
      (error == EROFS ? "" : "; let it: install -d -o " + (user.empty() ? "USER" : user) + " " + folder)};
}

base::Result<void> SiteMaker::check_hub_of(const std::string& site) const {
  const pairing::Taken all = taken();
  const settings::Site* const known = pairing::site_of_name(site, all);
  if (known == nullptr)
    return base::Error{"there is no site \"" + base::escaped(site, 100) + "\"; `relayctl status` lists them"};
  const settings::SiteHub probe{.name = "probe", .pins = {std::string(pairing::kPinBytes, '\0')}, .dial = {}};
  const auto path = path_for(site);
  if (!path) return path.error();
  base::Diagnostics findings;
  const auto text = settings::text_of(*path, findings);
  if (!text)
    return base::Error{"site " + site + " has no file of its own (" + *path +
                       "); add a [[site.hub]] where it stands by hand"};
  if (const auto changed = settings::with_hub(*text, *known, probe); !changed)
    return base::Error{*path + ": " + changed.error().message + "; add a [[site.hub]] by hand"};
  if (access(path->c_str(), W_OK) != 0)
    return base::Error{*path + ": relayd cannot write it: " + std::strerror(errno)};
  return host_.can_reload();
}

base::Result<std::string> SiteMaker::add_hub(const pairing::NewSite& hub) const {
  if (auto ok = check_hub_of(hub.hub_of); !ok) return ok.error();
  const pairing::Taken all = taken();
  settings::SiteHub entry{.name = hub.name, .pins = {hub.pin}, .dial = {}};
  for (const std::string& address : hub.dial) {
    auto dial = base::parse_host_port(address);
    if (!dial) return dial.error();
    entry.dial.push_back(std::move(*dial));
  }
  auto path = path_for(hub.hub_of);
  if (!path) return path.error();
  base::Diagnostics findings;
  const auto before = settings::text_of(*path, findings);
  if (!before) return base::Error{findings.to_string()};
  const auto after = settings::with_hub(*before, *pairing::site_of_name(hub.hub_of, all), entry);
  if (!after) return after.error();
  if (auto ok = replace_file(*path, *after, 0644); !ok) return ok.error();
  const auto reloaded = host_.reload();
  if (reloaded) return path;
  (void)replace_file(*path, *before, 0644);
  (void)host_.reload();
  return base::Error{"hub \"" + hub.name + "\" of site " + hub.hub_of +
                     " could not be taken into use, and is not made: " + reloaded.error().message};
}

base::Result<std::string> SiteMaker::make(const pairing::NewSite& site, const std::string& by) const {
  if (!site.hub_of.empty()) return add_hub(site);
  auto path = path_for(site.name);
  if (!path) return path.error();
  auto in_use = addresses_in_use(host_.config(), hosts_file());
  std::string trouble;
  for (int i = 0; i < kTries; ++i) {
    const auto address = free_address(in_use);
    if (!address)
      return base::Error{
          "no address is free from 127.0.5.2 on: something listens on port 5000 of all addresses"};
    const std::string text = site_file(site, {.by = by,
                                              .when = control::rfc3339(net::wall_now()),
                                              .address = *address,
                                              .pin = settings::pin_text(site.pin),
                                              .own_domains = host_.config().hub.domains.patterns()});
    if (auto ok = make_new_file(*path, text, 0644); !ok) return ok.error();
    const auto reloaded = host_.reload();
    if (reloaded) return path;
    remove_file(*path);
    trouble = reloaded.error().message;
    if (trouble.find(*address) == trouble.npos) break;
    in_use.insert(*address);
  }
  (void)host_.reload();  // as it was before, so that status does not show an error that is gone
  return base::Error{"site \"" + site.name + "\" could not be taken into use, and is not made: " + trouble};
}

}  // namespace tsmtp::daemon
