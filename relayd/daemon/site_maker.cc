#include "relayd/daemon/site_maker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "relayd/control/time_text.h"
#include "relayd/daemon/free_address.h"
#include "relayd/daemon/new_file.h"
#include "relayd/net/io/clocks.h"
#include "relayd/pairing/site_file.h"
#include "relayd/settings/files.h"
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

base::Result<std::string> SiteMaker::make(const pairing::NewSite& site, const std::string& by) const {
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
