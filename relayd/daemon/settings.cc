#include "relayd/daemon/settings.h"

namespace tsmtp::daemon {

net::SiteSettings site_settings(const config::Site& site) {
  return {.name = site.name,
          .pins = site.pins,
          .dial = site.dial,
          .endpoints = site.endpoints,
          .address = site.address,
          .deliver = site.deliver,
          .rules = {.domains = site.domains,
                    .local = site.local,
                    .max_message_bytes = site.max_message_bytes,
                    .any_sender = site.any_sender},
          .early_reply = site.early_reply};
}

std::string restart_needed(const config::Hub& running, const config::Hub& wanted) {
  if (running.name != wanted.name) return "name";
  if (running.identity != wanted.identity) return "identity";
  if (running.state_dir != wanted.state_dir) return "state_dir";
  if (running.control != wanted.control) return "control";
  if (running.metrics != wanted.metrics) return "metrics";
  if (running.user != wanted.user) return "user";
  if (running.log != wanted.log) return "log";
  return {};
}

std::string count_of_sites(std::size_t sites) {
  return std::to_string(sites) + (sites == 1 ? " site" : " sites");
}

}  // namespace tsmtp::daemon
