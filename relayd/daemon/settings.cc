#include "relayd/daemon/settings.h"

namespace tsmtp::daemon {
namespace {

smtp::Origin origin(config::Origin origin) {
  switch (origin) {
    case config::Origin::kNone:
      break;
    case config::Origin::kXclient:
      return smtp::Origin::kXclient;
    case config::Origin::kProxy:
      return smtp::Origin::kProxy;
  }
  return smtp::Origin::kNone;
}

net::MtaPool::Settings mta_settings(const config::Site& site, const std::string& hub_name) {
  return {.target = {.address = site.deliver,
                     .source = site.address,
                     .origin = origin(site.origin),
                     .origin_name = site.name + ".tsmtp"},
          .own_helo = hub_name,
          .connections = site.limits.mta_connections,
          .idle_time = site.limits.mta_idle_time,
          .idle_connections = site.limits.mta_idle_connections,
          .mails_per_connection = site.limits.mta_mails_per_connection};
}

net::Access access(const config::Access& access) {
  net::Access out{.allow_users = {}, .socket = {.mode = access.socket_mode, .group = access.socket_group}};
  for (const config::User& user : access.allow_users)
    out.allow_users.push_back({.name = user.name, .uid = user.uid});
  return out;
}

net::LinkSettings link_settings(const config::Link& link) {
  return {.peer_timeout = link.peer_timeout,
          .dial_interval = link.dial_interval,
          .congestion = link.congestion,
          .rekey = {.bytes = link.rekey_bytes, .time = link.rekey_time},
          .connections = link.connections,
          .resume_window = link.resume_window,
          .compress = link.compress};
}

}  // namespace

net::SiteSettings site_settings(const config::Site& site, const std::string& hub_name) {
  return {.name = site.name,
          .pins = site.pins,
          .dial = site.dial,
          .link = link_settings(site.link),
          .endpoints = site.endpoints,
          .mta = mta_settings(site, hub_name),
          .rules = {.domains = site.domains,
                    .local = site.local,
                    .max_message_bytes = site.max_message_bytes,
                    .any_sender = site.any_sender},
          .early_reply = site.early_reply,
          .canonical_line_ends = site.canonical_line_ends,
          .limits = {.max_sessions = site.limits.max_sessions,
                     .max_recipients = site.limits.max_recipients,
                     .max_errors = static_cast<int>(site.limits.max_errors),
                     .client_timeout = site.limits.client_timeout,
                     .mails_per_second = site.limits.mails_per_second,
                     .bytes_per_second = site.limits.bytes_per_second},
          .access = access(site.access)};
}

net::Strangers::Limits stranger_limits(const config::Hub& hub) {
  return {.total = hub.max_strangers, .of_one_address = hub.max_strangers_of_address};
}

std::string restart_needed(const config::Hub& running, const config::Hub& wanted) {
  if (running.name != wanted.name) return "name";
  if (running.identity != wanted.identity) return "identity";
  if (running.state_dir != wanted.state_dir) return "state_dir";
  if (running.control != wanted.control) return "control";
  if (running.endpoint_holder != wanted.endpoint_holder) return "endpoint_holder";
  if (running.metrics != wanted.metrics) return "metrics";
  if (running.user != wanted.user) return "user";
  if (running.log != wanted.log) return "log";
  return {};
}

std::string count_of_sites(std::size_t sites) {
  return std::to_string(sites) + (sites == 1 ? " site" : " sites");
}

}  // namespace tsmtp::daemon
