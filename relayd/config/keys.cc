#include "relayd/config/keys.h"

#include <array>
#include <string>
#include <utility>

#include "relayd/base/bytes.h"

namespace tsmtp::config {
namespace {

using settings::Hub;
using settings::Site;

constexpr bool kRequired = true;
constexpr bool kOptional = false;

constexpr std::uint64_t kMany = 1'000'000;
constexpr std::chrono::seconds kSecond{1};

// From 64 KiB, which is every few records, to what is still well below the bound for AES-GCM (RFC 8446
// section 5.5).
constexpr std::uint64_t kLeastRekey = std::uint64_t{64} << 10;
constexpr std::size_t kMaxCongestionName = 15;
constexpr std::uint64_t kMostRekey = std::uint64_t{64} << 30;

void read_line_ends(const Value& value, Site& site) {
  if (const auto word = value.choice({"refuse", "canonical"})) site.sessions.canonical_line_ends = *word == 1;
}

void read_origin(const Value& value, Site& site) {
  using settings::Origin;
  constexpr std::array kOrigins{Origin::kNone, Origin::kXclient, Origin::kProxy};
  if (const auto word = value.choice({"none", "xclient", "proxy"})) site.origin = kOrigins.at(*word);
}

void read_rekey_bytes(const Value& value, Site& site) {
  value.into_size(site.link.rekey.bytes);
  if (site.link.rekey.bytes < kLeastRekey || site.link.rekey.bytes > kMostRekey)
    value.complain("a size from 64KiB to 64GiB was expected");
}

// The kernel's names are words; what it does not have is found out at start, and is no error.
void read_congestion(const Value& value, Site& site) {
  value.into_name(site.link.congestion);
  if (site.link.congestion.size() > kMaxCongestionName)
    value.complain("a name of at most 15 bytes was expected, such as \"bbr\"");
}

void read_log(const Value& value, Hub& hub) {
  std::string target;
  value.into_string(target);
  if (target == "stderr") {
    hub.log = settings::LogTarget::kStderr;
  } else if (target == "syslog") {
    hub.log = settings::LogTarget::kSyslog;
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
  if (target != settings::kJournald && !names_a_file)
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
    Key<Hub>{"endpoint_holder", kOptional,
             [](const Value& v, Hub& hub) { v.into_socket_path(hub.endpoint_holder); },
             "unix socket of the process that holds the endpoints while relayd does not run"},
    Key<Hub>{"metrics", kOptional, read_metrics, "where Prometheus may ask"},
    Key<Hub>{"user", kOptional, [](const Value& v, Hub& hub) { v.into_string(hub.user); },
             "user to become after binding"},
    Key<Hub>{"log", kOptional, read_log, "stderr or syslog"},
    Key<Hub>{"audit", kOptional, read_audit, "where a record of every transaction goes"},
    Key<Hub>{"drain_timeout", kOptional, [](const Value& v, Hub& hub) { v.into_seconds(hub.drain_timeout); },
             "how long transactions in flight may take to finish at the end"},
    Key<Hub>{"max_strangers", kOptional,
             [](const Value& v, Hub& hub) { v.into_number(hub.strangers.total, 1, kMany); },
             "connections at once whose key has not been seen yet"},
    Key<Hub>{"max_strangers_of_address", kOptional,
             [](const Value& v, Hub& hub) { v.into_number(hub.strangers.of_one_address, 1, kMany); },
             "the same from one address"},
    Key<Hub>{"mta_connections", kOptional,
             [](const Value& v, Hub& hub) { v.into_number(hub.mta_connections, 1, kMany); },
             "connections to MTAs at once, of all sites together"},
};

constexpr std::array kSiteKeys{
    Key<Site>{"name", kRequired, [](const Value& v, Site& site) { v.into_name(site.name); },
              "names the site in logs, replies and status"},
    Key<Site>{"pin", kRequired, [](const Value& v, Site& site) { v.into_pins(site.pins); },
              "fingerprints of the site's keys"},
    Key<Site>{"dial", kOptional, [](const Value& v, Site& site) { v.into_host_ports(site.dial, false); },
              "where the site listens"},
    Key<Site>{"dial_interval", kOptional,
              [](const Value& v, Site& site) { v.into_seconds(site.link.dial_interval, kSecond); },
              "longest wait between two rounds of dialling"},
    Key<Site>{"peer_timeout", kOptional,
              [](const Value& v, Site& site) { v.into_seconds(site.link.peer_timeout, 2 * kSecond); },
              "how long the peer may be silent before it is given up"},
    Key<Site>{"rekey_bytes", kOptional, read_rekey_bytes, "after how many bytes TLS keys are replaced"},
    Key<Site>{"rekey_time", kOptional,
              [](const Value& v, Site& site) { v.into_seconds(site.link.rekey.time, kSecond); },
              "after how long TLS keys are replaced"},
    Key<Site>{"congestion", kOptional, read_congestion, "congestion control of the link, such as bbr"},
    Key<Site>{"address", kOptional, [](const Value& v, Site& site) { v.into_site_address(site.address); },
              "the loopback address that stands for the site"},
    Key<Site>{"endpoint", kOptional,
              [](const Value& v, Site& site) { v.into_host_ports(site.endpoints, true); },
              "where our MTA hands mail for the site over"},
    Key<Site>{"deliver", kOptional, [](const Value& v, Site& site) { v.into_host_port(site.deliver); },
              "our MTA, for mail from the site"},
    Key<Site>{"domains", kRequired, [](const Value& v, Site& site) { v.into_domains(site.rules.domains); },
              "what lies behind the site"},
    Key<Site>{"local", kRequired, [](const Value& v, Site& site) { v.into_domains(site.rules.local); },
              "recipients that are accepted from the site"},
    Key<Site>{"max_message", kOptional,
              [](const Value& v, Site& site) { v.into_size(site.rules.max_message_bytes); },
              "largest mail, either way"},
    Key<Site>{"early_reply", kOptional,
              [](const Value& v, Site& site) { v.into_bool(site.sessions.early_reply); },
              "one round trip a mail"},
    Key<Site>{"resume_window", kOptional,
              [](const Value& v, Site& site) { v.into_seconds(site.link.resume_window); },
              "how long transactions outlive a broken connection"},
    Key<Site>{"connections", kOptional,
              [](const Value& v, Site& site) { v.into_number(site.link.connections, 1, 16); },
              "connections that a link is made of"},
    Key<Site>{"compress", kOptional, [](const Value& v, Site& site) { v.into_bool(site.link.compress); },
              "compress content on the link, where the other hub does too"},
    Key<Site>{"any_sender", kOptional, [](const Value& v, Site& site) { v.into_bool(site.rules.any_sender); },
              "accept senders outside domains from the site"},
    Key<Site>{"bare_line_ends", kOptional, read_line_ends,
              "a CR or LF alone in a mail: refuse, or canonical"},
    Key<Site>{"origin", kOptional, read_origin, "tell our MTA where a mail comes from: xclient or proxy"},
    Key<Site>{"max_sessions", kOptional,
              [](const Value& v, Site& site) { v.into_number(site.sessions.max_sessions, 1, kMany); },
              "sessions at the site's endpoints at once"},
    Key<Site>{"max_recipients", kOptional,
              [](const Value& v, Site& site) { v.into_number(site.sessions.max_recipients, 1, 1000); },
              "recipients of one mail"},
    Key<Site>{"max_errors", kOptional,
              [](const Value& v, Site& site) { v.into_number(site.sessions.max_errors, 1, kMany); },
              "bad commands before a session is closed"},
    Key<Site>{"client_timeout", kOptional,
              [](const Value& v, Site& site) { v.into_seconds(site.sessions.client_timeout); },
              "how long our MTA may be silent in a session"},
    Key<Site>{"mails_per_second", kOptional,
              [](const Value& v, Site& site) { v.into_number(site.rates.mails_per_second, 1, kMany); },
              "mails a second, either way"},
    Key<Site>{"bytes_per_second", kOptional,
              [](const Value& v, Site& site) { v.into_size(site.rates.bytes_per_second); },
              "content a second, either way"},
    Key<Site>{"mta_connections", kOptional,
              [](const Value& v, Site& site) { v.into_number(site.mta.connections, 1, kMany); },
              "connections to our MTA at once, at most"},
    Key<Site>{"mta_idle_time", kOptional,
              [](const Value& v, Site& site) { v.into_seconds(site.mta.idle_time); },
              "how long a connection to our MTA is kept for the next mail"},
    Key<Site>{"mta_idle_connections", kOptional,
              [](const Value& v, Site& site) { v.into_number(site.mta.idle_connections, 0, kMany); },
              "how many of them"},
    Key<Site>{"mta_mails_per_connection", kOptional,
              [](const Value& v, Site& site) { v.into_number(site.mta.mails_per_connection, 1, kMany); },
              "and for how many mails each"},
    Key<Site>{"allow_users", kOptional,
              [](const Value& v, Site& site) { v.into_users(site.access.allow_users); },
              "who on this machine may use the endpoints"},
    Key<Site>{"endpoint_mode", kOptional,
              [](const Value& v, Site& site) { v.into_mode(site.access.socket_mode); },
              "mode of unix sockets among the endpoints"},
    Key<Site>{"endpoint_group", kOptional,
              [](const Value& v, Site& site) { v.into_group(site.access.socket_group); },
              "group of unix sockets among the endpoints"},
};

}  // namespace

std::span<const Key<Hub>> hub_keys() {
  return kHubKeys;
}
std::span<const Key<Site>> site_keys() {
  return kSiteKeys;
}

}  // namespace tsmtp::config
