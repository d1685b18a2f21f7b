#include "relayd/settings/keys.h"

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/settings/forms.h"

namespace tsmtp::settings {
namespace {

using enum Need;
using enum Change;
using enum Sockets;
using namespace std::chrono_literals;

constexpr std::uint64_t kMany = 1'000'000;
constexpr std::uint64_t kKibibyte = 1024;
constexpr std::uint64_t kGibi = kKibibyte * kKibibyte * kKibibyte;
constexpr std::size_t kMaxCongestionName = 15;

void read_audit(const Value& value, std::string& out) {
  std::string target;
  value.into_path(target);
  if (target.empty()) return;
  const bool names_a_file = target.front() == '/' && target.back() != '/';
  if (target != kJournald && !names_a_file)
    return value.complain("\"journald\" or the whole path of a file was expected, not \"" +
                          base::escaped(target) + "\"");
  out = std::move(target);
}

// The kernel's names are words; an algorithm that it does not have is noticed at the start, and is no error.
void read_congestion(const Value& value, std::string& out) {
  value.into_name(out);
  if (out.size() > kMaxCongestionName)
    value.complain("a name of at most 15 bytes was expected, such as \"bbr\"");
}

void read_proxy(const Value& value, std::optional<Proxy>& out) {
  std::string text;
  value.into_string(text);
  if (text.empty()) return;
  auto proxy = parse_proxy(text);
  if (!proxy) return value.complain(proxy.error().message);
  out = std::move(*proxy);
}

std::string proxy_text(const std::optional<Proxy>& proxy) {
  return proxy ? proxy->to_string() : std::string();
}

std::string as_it_is(const std::string& text) {
  return text;
}

/// What [[site]] itself says of a hub is said of its only one.
SiteHub& only_hub(Site& site) {
  return site.hubs.empty() ? site.hubs.emplace_back() : site.hubs.front();
}

constexpr Member<Site, std::vector<std::string>> kOnlyPins{
    [](Site& site) -> std::vector<std::string>& { return only_hub(site).pins; }};
constexpr Member<Site, std::vector<base::HostPort>> kOnlyDial{
    [](Site& site) -> std::vector<base::HostPort>& { return only_hub(site).dial; }};

std::string patterns_text(const std::vector<std::string>& patterns) {
  return list_text(patterns, [](const std::string& pattern) { return '"' + pattern + '"'; });
}

template <typename Section>
std::string default_of(const Key<Section>& key) {
  if (key.need == kRequired) return "required";
  return key.unset.empty() ? "default " + key.form.show(Section{}) : "default: " + std::string(key.unset);
}

template <typename Section>
ManualEntry entry_of(const std::string& section, const Key<Section>& key) {
  const char* const change = key.change == kRestart ? "; a change needs a restart" : "";
  return {.key = section + '.' + std::string(key.name),
          .head = ".It Ic " + std::string(key.name) + '\n' + std::string(key.sentence) + "\n.Pq " +
                  key.form.accepts + "; " + default_of(key) + change + '\n'};
}

template <typename Section>
std::string restart_needed(const char* section, std::span<const Key<Section>> keys, const Section& running,
                           const Section& wanted) {
  for (const Key<Section>& key : keys)
    if (key.change == kRestart && !key.form.same(running, wanted)) return section + std::string(key.name);
  return {};
}

}  // namespace

std::span<const Key<Hub>> hub_keys() {
  static const std::vector<Key<Hub>> keys{
      {"name", kOptional, kRestart, name(at<&Hub::name>()), "Names this hub in logs and status.",
       "the host name up to its first dot"},
      {"identity", kOptional, kRestart, path(at<&Hub::identity>()),
       "File with this hub's private key and self-signed certificate, made by\n.Cm relayctl init ."},
      {"domains", kOptional, kReload,
       form(
           at<&Hub::domains>(), "domains", [](const Value& value, auto& out) { value.into_own_domains(out); },
           domains_text),
       "This hub's own domains: recipients that are accepted from every site whose\n.Ic local\nsays nothing "
       "else.",
       "none, and then every site needs its local"},
      {"include", kOptional, kReload,
       form(
           at<&Hub::include>(), "list of paths",
           [](const Value& value, auto& out) { value.into_patterns(out); }, patterns_text),
       "Files with further\n.Ic [[site]]\nsections."},
      {"listen", kOptional, kReload, addresses(at<&Hub::listen>(), kTcp), "Where sites dial in.",
       "[], which is to dial out only"},
      {"state_dir", kOptional, kRestart, path(at<&Hub::state_dir>()),
       "Directory of what must survive a restart, for\n.Nm relayd\nalone."},
      {"control", kOptional, kRestart, socket_path(at<&Hub::control>()),
       "Unix socket where\n.Xr relayctl 8\nasks."},
      {"endpoint_holder", kOptional, kRestart, socket_path(at<&Hub::endpoint_holder>()),
       "Unix socket where the holder of the endpoints listens; see\n.Sx THE HOLDER OF THE ENDPOINTS\nin\n.Xr "
       "relayd 8 ."},
      {"metrics", kOptional, kRestart, address(at<&Hub::metrics>()),
       "Where Prometheus may ask for metrics, at\n.Pa /metrics ,\nin its own text format or as OpenMetrics, "
       "and a browser\nfor the page of\n.Cm relayctl status Fl -html ,\nat\n.Pa / .\nWho can connect can "
       "read both, so it should be an address of loopback.",
       "none"},
      {"rotate_every", kOptional, kReload, not_zero(duration(at<&Hub::rotate_every>(), 1h)),
       "Age at which this hub's key is replaced as by\n.Cm relayctl rotate .", "never"},
      {"user", kOptional, kRestart, text(at<&Hub::user>(), "user", &Value::into_string),
       "User to become once everything is bound.", "stay who we are"},
      {"log", kOptional, kRestart,
       word(at<&Hub::log>(), {{"stderr", LogTarget::kStderr},
                              {"syslog", LogTarget::kSyslog},
                              {"journal", LogTarget::kJournal}}),
       "Where the log goes.", "stderr with --foreground, else syslog"},
      {"audit", kOptional, kReload,
       form(at<&Hub::audit>(), "whole path of a file, or journald", read_audit, as_it_is),
       "Where a record of every transaction goes, see\n.Sx AUDIT RECORD .", "nowhere"},
      {"drain_timeout", kOptional, kReload, duration(at<&Hub::drain_timeout>()),
       "How long transactions in flight may take to finish when\n.Xr relayd 8\nis told to end."},
      {"max_strangers", kOptional, kReload, number(at<&Hub::admission, &AdmissionLimits::total>(), 1, kMany),
       "How many unauthenticated connections to\n.Ic listen\nthere may be at once: those that have not shown "
       "a key of a site yet."},
      {"max_strangers_of_address", kOptional, kReload,
       number(at<&Hub::admission, &AdmissionLimits::of_one_address>(), 1, kMany),
       "How many of them may come from one IPv4 address, or from one /64 network of IPv6\naddresses."},
      {"mta_connections", kOptional, kReload, number(at<&Hub::mta_connections>(), 1, kMany),
       "How many connections to MTAs there may be at once, of all sites together."},
  };
  return keys;
}

std::span<const Key<Site>> site_keys() {
  static const std::vector<Key<Site>> keys{
      {"name", kRequired, kReload, name(at<&Site::name>()),
       "Names the site in logs, in status and in the replies that the MTA sees."},
      {"pin", kOptional, kReload, pins(kOnlyPins), "Pins of the site's keys.",
       "none, and then each [[site.hub]] has its own"},
      {"dial", kOptional, kReload, addresses(kOnlyDial, kTcp),
       "Where the site listens: addresses, tried in order.",
       "[], which is to wait for the site to dial us, from whatever address"},
      {"prefer", kOptional, kReload,
       word(at<&Site::prefer>(), {{"order", Prefer::kOrder}, {"spread", Prefer::kSpread}}),
       "Which of the site's hubs that take mail gets the next one: the first in the order of\nthe file, or "
       "that which has the fewest under way."},
      {"dial_through", kOptional, kReload,
       form(at<&Site::link, &Link::proxy>(), "socks5://[USER@]HOST:PORT or http://[USER@]HOST:PORT",
            read_proxy, proxy_text),
       "The proxy through which the site is dialled; it resolves the names in\n.Ic dial .", "none"},
      {"dial_through_password", kOptional, kReload, path(at<&Site::link, &Link::proxy_password_file>()),
       "File with the proxy's password for that user.", "none"},
      {"dial_interval", kOptional, kReload, duration(at<&Site::link, &Link::dial_interval>(), 1s),
       "The longest wait between two rounds of dialling."},
      {"peer_timeout", kOptional, kReload, duration(at<&Site::link, &Link::peer_timeout>(), 2s),
       "How long the other hub may be silent before it is given up and dialled again."},
      {"rekey_bytes", kOptional, kReload,
       // From every few records to what is still well below the bound for AES-GCM (RFC 8446 section 5.5).
       size(at<&Site::link, &Link::rekey, &RekeyLimits::bytes>(), 64 * kKibibyte, 64 * kGibi),
       "Number of bytes after which the TLS keys of a connection are replaced in both\ndirections."},
      {"rekey_time", kOptional, kReload, duration(at<&Site::link, &Link::rekey, &RekeyLimits::time>(), 1s),
       "Time after which they are replaced, if there were fewer bytes."},
      {"congestion", kOptional, kReload,
       form(at<&Site::link, &Link::congestion>(), "name of at most 15 bytes", read_congestion, as_it_is),
       "The kernel's algorithm of congestion control for the link.", "the kernel's"},
      {"address", kOptional, kReload,
       text(at<&Site::address>(), "address in 127.0.0.0/8", &Value::into_site_address),
       "The site address: a loopback address of its own that stands for the site on this\nhub, such as\n.Qq "
       "127.0.5.2 .",
       "none, and then endpoint must be given"},
      {"endpoint", kOptional, kReload, addresses(at<&Site::endpoints>(), kTcpOrUnix),
       "Where the MTA hands mail for the site over.", "port 5000 of address"},
      {"deliver", kOptional, kReload, address(at<&Site::deliver>()), "Our MTA, for mail from the site."},
      {"domains", kOptional, kReload, domains(at<&Site::rules, &Rules::domains>()),
       "The domains behind the site.", "those in domains_file; one of the two is required"},
      {"domains_file", kOptional, kReload, path(at<&Site::rules, &Rules::domains_file>()),
       "A file with the domains behind the site, one a line, as\n.Xr tsmtp-routes 8\nwrites it.", "none"},
      {"local", kOptional, kReload, domains(at<&Site::rules, &Rules::local>()),
       "Recipients that are accepted from the site.", "domains of [hub], and required without that"},
      {"max_message", kOptional, kReload, size(at<&Site::rules, &Rules::max_message_bytes>()),
       "The largest mail, either way."},
      {"early_reply", kOptional, kReload, boolean(at<&Site::sessions, &Sessions::early_reply>()),
       "Whether the replies to MAIL and to the first RCPT are given before the far MTA's\nare there, so that "
       "a "
       "mail takes one\nround trip."},
      {"resume_window", kOptional, kReload, duration(at<&Site::link, &Link::resume_window>()),
       "How long transactions outlive a broken connection."},
      {"connections", kOptional, kReload, number(at<&Site::link, &Link::connections>(), 1, 16),
       "How many TCP connections the link is made of, as far as both hubs want them."},
      {"compress", kOptional, kReload, boolean(at<&Site::link, &Link::compress>()),
       "Whether the content of mails is compressed on the link, inside the encryption."},
      {"any_sender", kOptional, kReload, boolean(at<&Site::rules, &Rules::any_sender>()),
       "Whether mail from the site may have senders outside\n.Ic domains ,\nas that of mailing lists and "
       "forwards has."},
      {"bare_line_ends", kOptional, kReload,
       word(at<&Site::sessions, &Sessions::canonical_line_ends>(), {{"refuse", false}, {"canonical", true}}),
       "The treatment of a mail in which a CR or LF stands alone, not as part of a CRLF."},
      {"origin", kOptional, kReload,
       word(at<&Site::origin>(),
            {{"none", Origin::kNone}, {"xclient", Origin::kXclient}, {"proxy", Origin::kProxy}}),
       "How our MTA is told which site a mail comes from, besides the address that it\ncomes from."},
      {"max_sessions", kOptional, kReload, number(at<&Site::sessions, &Sessions::max_sessions>(), 1, kMany),
       "How many sessions the site's endpoints take at once."},
      {"max_recipients", kOptional, kReload,
       number(at<&Site::sessions, &Sessions::max_recipients>(), 1, 1000),
       "Recipients of one mail; further ones get 452 4.5.3."},
      {"max_errors", kOptional, kReload, number(at<&Site::sessions, &Sessions::max_errors>(), 1, kMany),
       "How many commands of a session may be wrong before it is closed with 421 4.7.0;\nan accepted mail "
       "sets the count back to zero."},
      {"client_timeout", kOptional, kReload, duration(at<&Site::sessions, &Sessions::client_timeout>()),
       "How long our MTA may be silent in a session before it is closed with 421 4.4.2."},
      {"mails_per_second", kOptional, kReload,
       not_zero(number(at<&Site::rates, &Rates::mails_per_second>(), 1, kMany)),
       "How many mails may come from the site, and how many may go to it.", "no limit"},
      {"bytes_per_second", kOptional, kReload, not_zero(size(at<&Site::rates, &Rates::bytes_per_second>())),
       "The same for content.", "no limit"},
      {"mta_connections", kOptional, kReload,
       number(at<&Site::mta, &MtaConnections::connections>(), 1, kMany),
       "How many connections to our MTA there may be at once for mail from this site,\nwhatever the site "
       "does: "
       "in use, idle, and given up but not yet closed."},
      {"mta_idle_time", kOptional, kReload, duration(at<&Site::mta, &MtaConnections::idle_time>()),
       "How long a connection to our MTA is kept for the next mail."},
      {"mta_idle_connections", kOptional, kReload,
       number(at<&Site::mta, &MtaConnections::idle_connections>(), 0, kMany),
       "How many such connections are kept, of those that were needed at once; 0 for none."},
      {"mta_mails_per_connection", kOptional, kReload,
       number(at<&Site::mta, &MtaConnections::mails_per_connection>(), 1, kMany),
       "Number of mails after which a connection to our MTA is not used again."},
      {"allow_users", kOptional, kReload, users(at<&Site::access, &Access::allow_users>()),
       "The users, by name or number, that may use the site's endpoints.", "everybody on this machine"},
      {"endpoint_mode", kOptional, kReload, mode(at<&Site::access, &Access::socket_mode>()),
       "Mode of unix sockets among the endpoints."},
      {"endpoint_group", kOptional, kReload, group(at<&Site::access, &Access::socket_group>()),
       "Group of unix sockets among the endpoints, by name or number.", "that of relayd"},
  };
  return keys;
}

std::span<const Key<SiteHub>> site_hub_keys() {
  static const std::vector<Key<SiteHub>> keys{
      {"name", kRequired, kReload, name(at<&SiteHub::name>()),
       "Names the hub within its site, in logs, in status and in the replies that the MTA sees."},
      {"pin", kRequired, kReload, pins(at<&SiteHub::pins>()), "Pins of the hub's keys."},
      {"dial", kOptional, kReload, addresses(at<&SiteHub::dial>(), kTcp),
       "Where the hub listens: addresses, tried in order.",
       "[], which is to wait for the hub to dial us, from whatever address"},
  };
  return keys;
}

std::string restart_needed(const Config& running, const Config& wanted) {
  const std::string of_hub = restart_needed("hub.", hub_keys(), running.hub, wanted.hub);
  return of_hub.empty() ? restart_needed("ledger.", ledger_keys(), running.ledger, wanted.ledger) : of_hub;
}

std::vector<ManualEntry> manual_entries() {
  std::vector<ManualEntry> entries;
  for (const Key<Hub>& key : hub_keys())
    entries.push_back(entry_of("hub", key));
  for (const Key<Ledger>& key : ledger_keys())
    entries.push_back(entry_of("ledger", key));
  for (const Key<Site>& key : site_keys())
    entries.push_back(entry_of("site", key));
  for (const Key<SiteHub>& key : site_hub_keys())
    entries.push_back(entry_of("site.hub", key));
  for (const Key<Service>& key : service_keys())
    entries.push_back(entry_of("service", key));
  for (const Key<Forward>& key : forward_keys())
    entries.push_back(entry_of("forward", key));
  return entries;
}

}  // namespace tsmtp::settings
