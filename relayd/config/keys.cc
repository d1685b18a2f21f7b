#include "relayd/config/keys.h"

#include <array>
#include <string>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::config {
namespace {

constexpr bool kRequired = true;
constexpr bool kOptional = false;

void read_log(const Value& value, Hub& hub) {
  std::string target;
  value.into_string(target);
  if (target == "stderr") {
    hub.log = LogTarget::kStderr;
  } else if (target == "syslog") {
    hub.log = LogTarget::kSyslog;
  } else if (!target.empty()) {
    value.complain("\"stderr\" or \"syslog\" was expected, not \"" + base::escaped(target) + "\"");
  }
}

void read_metrics(const Value& value, Hub& hub) {
  base::HostPort address;
  value.into_host_port(address);
  if (address.port != 0) hub.metrics = std::move(address);
}

void read_audit(const Value& value, Hub& hub) {
  std::string target;
  value.into_path(target);
  if (target.empty()) return;
  const bool names_a_file = target.front() == '/' && target.back() != '/';
  if (target != kJournald && !names_a_file)
    return value.complain("\"journald\" or the whole path of a file was expected, not \"" +
                          base::escaped(target) + "\"");
  hub.audit = std::move(target);
}

constexpr std::array kHubKeys{
    Key<Hub>{"name", kRequired, [](const Value& v, Hub& hub) { v.into_name(hub.name); },
             "names this hub in logs and status"},
    Key<Hub>{"identity", kOptional, [](const Value& v, Hub& hub) { v.into_path(hub.identity); },
             "private key and self-signed certificate, made by relayctl init"},
    Key<Hub>{"listen", kOptional, [](const Value& v, Hub& hub) { v.into_host_ports(hub.listen, false); },
             "where sites dial in"},
    Key<Hub>{"state_dir", kOptional, [](const Value& v, Hub& hub) { v.into_path(hub.state_dir); },
             "directory of what must survive a restart"},
    Key<Hub>{"control", kOptional, [](const Value& v, Hub& hub) { v.into_socket_path(hub.control); },
             "unix socket that relayctl talks to"},
    Key<Hub>{"metrics", kOptional, read_metrics, "where Prometheus may ask"},
    Key<Hub>{"user", kOptional, [](const Value& v, Hub& hub) { v.into_string(hub.user); },
             "user to become after binding"},
    Key<Hub>{"log", kOptional, read_log, "stderr or syslog"},
    Key<Hub>{"audit", kOptional, read_audit, "where a record of every transaction goes"},
    Key<Hub>{"drain_timeout", kOptional, [](const Value& v, Hub& hub) { v.into_seconds(hub.drain_timeout); },
             "how long transactions in flight may take to finish at the end"},
};

constexpr std::array kSiteKeys{
    Key<Site>{"name", kRequired, [](const Value& v, Site& site) { v.into_name(site.name); },
              "names the site in logs, replies and status"},
    Key<Site>{"pin", kRequired, [](const Value& v, Site& site) { v.into_pins(site.pins); },
              "fingerprints of the site's keys"},
    Key<Site>{"dial", kOptional, [](const Value& v, Site& site) { v.into_host_ports(site.dial, false); },
              "where the site listens"},
    Key<Site>{"address", kOptional, [](const Value& v, Site& site) { v.into_site_address(site.address); },
              "the loopback address that stands for the site"},
    Key<Site>{"endpoint", kOptional,
              [](const Value& v, Site& site) { v.into_host_ports(site.endpoints, true); },
              "where our MTA hands mail for the site over"},
    Key<Site>{"deliver", kOptional, [](const Value& v, Site& site) { v.into_host_port(site.deliver); },
              "our MTA, for mail from the site"},
    Key<Site>{"domains", kRequired, [](const Value& v, Site& site) { v.into_domains(site.domains); },
              "what lies behind the site"},
    Key<Site>{"local", kRequired, [](const Value& v, Site& site) { v.into_domains(site.local); },
              "recipients that are accepted from the site"},
    Key<Site>{"max_message", kOptional,
              [](const Value& v, Site& site) { v.into_size(site.max_message_bytes); },
              "largest mail, either way"},
    Key<Site>{"early_reply", kOptional, [](const Value& v, Site& site) { v.into_bool(site.early_reply); },
              "one round trip a mail"},
    Key<Site>{"resume_window", kOptional,
              [](const Value& v, Site& site) { v.into_seconds(site.resume_window); },
              "how long transactions outlive a broken connection"},
    Key<Site>{"any_sender", kOptional, [](const Value& v, Site& site) { v.into_bool(site.any_sender); },
              "accept senders outside domains from the site"},
};

}  // namespace

std::span<const Key<Hub>> hub_keys() {
  return kHubKeys;
}
std::span<const Key<Site>> site_keys() {
  return kSiteKeys;
}

}  // namespace tsmtp::config
