// The rows of [[service]] and [[forward]].
#include "relayd/settings/forms.h"
#include "relayd/settings/keys.h"

namespace tsmtp::settings {
namespace {

using enum Need;
using enum Change;

constexpr std::uint64_t kMostConnections = 100'000;

std::string words_text(const std::vector<std::string>& words) {
  return list_text(words, [](const std::string& word) { return word; });
}

template <typename Section>
Form<Section> words(Member<Section, std::vector<std::string>> member, std::string_view accepts,
                    void (Value::*into)(std::vector<std::string>&) const) {
  return form(
      member, accepts, [into](const Value& value, auto& out) { (value.*into)(out); }, words_text);
}

std::string rates_text(const ServiceRates& rates) {
  std::string out;
  if (rates.from_site > 0) out += "from_site = " + size_text(rates.from_site);
  if (rates.to_site > 0) out += (out.empty() ? "to_site = " : ", to_site = ") + size_text(rates.to_site);
  return out.empty() ? "" : "{ " + out + " }";
}

Form<Service> idle_timeout() {
  return form(
      at<&Service::idle_timeout>(), "duration",
      [](const Value& value, auto& out) {
        auto limit = std::chrono::seconds(-1);
        value.into_seconds(limit);
        if (limit.count() >= 0) out = limit;
      },
      [](const auto& limit) { return limit ? duration_text(*limit) : ""; });
}

Form<Service> target() {
  return form(
      at<&Service::to>(), "address or unix socket",
      [](const Value& value, auto& out) { value.into_target(out); },
      [](const base::HostPort& to) { return to.to_string(); });
}

}  // namespace

std::span<const Key<Service>> service_keys() {
  static const std::vector<Key<Service>> keys{
      {"name", kRequired, kReload, name(at<&Service::name>()),
       "Names the service, here and to the sites that may reach it."},
      {"to", kRequired, kReload, target(),
       "Where the service listens.\nNothing that a site says changes it."},
      {"sites", kOptional, kReload, words(at<&Service::sites>(), "list of names", &Value::into_names),
       "The sites that may reach it.", "none"},
      {"protocol", kOptional, kReload,
       word(at<&Service::protocol>(), {{name_of(Protocol::kTcp), Protocol::kTcp},
                                       {name_of(Protocol::kFtp), Protocol::kFtp},
                                       {name_of(Protocol::kX11), Protocol::kX11}}),
       "What is spoken there.\n.Cm tcp\nis any protocol of one connection, whose bytes are passed on as they "
       "are."},
      {"max_connections", kOptional, kReload, number(at<&Service::max_connections>(), 1, kMostConnections),
       "How many connections each site may have at once."},
      {"idle_timeout", kOptional, kReload, idle_timeout(),
       "How long a connection may be silent in both directions before it is ended; 0s is for ever.",
       "30m, and 0s for x11"},
      {"bytes_per_second", kOptional, kReload,
       form(
           at<&Service::rates>(), "table of sizes",
           [](const Value& value, auto& out) { value.into_rates(out); }, rates_text),
       "How much each site's connections may carry together,\n.Ic from_site\nand\n.Ic to_site .", "no limit"},
      {"approve", kOptional, kReload,
       word(at<&Service::consent>(), {{"no", Consent::kNotNeeded}, {"ask", Consent::kAsk}}),
       "Whether a person agrees to every connection before it reaches the service.", "no, and ask for x11"},
      {"approve_command", kOptional, kReload,
       words(at<&Service::ask_command>(), "list of words", &Value::into_program),
       "The program that asks, with its arguments.", "none: relayctl alone answers"},
      {"approve_timeout", kOptional, kReload, duration(at<&Service::ask_timeout>(), std::chrono::seconds(1)),
       "How long an answer is waited for.\nNone is a no."},
      {"source", kOptional, kReload,
       word(at<&Service::source>(),
            {{"site", ServiceSource::kSite}, {"proxy_protocol", ServiceSource::kProxyProtocol}}),
       "How the service is told which site a connection comes from."},
      {"ftp_refuse", kOptional, kReload,
       words(at<&Service::ftp_refuse>(), "list of commands", &Value::into_commands),
       "Commands of FTP that are refused here."},
      {"ftp_tls", kOptional, kReload,
       word(at<&Service::ftp_blind_tls>(), {{"refuse", false}, {"blind", true}}),
       "What becomes of a client's AUTH TLS."},
      {"xauthority", kOptional, kReload, path(at<&Service::xauthority>()),
       "File with the cookie of the display, as\n.Xr xauth 1\nwrites it.",
       "none: the display wants no cookie"},
  };
  return keys;
}

std::span<const Key<Forward>> forward_keys() {
  static const std::vector<Key<Forward>> keys{
      {"listen", kRequired, kReload, addresses(at<&Forward::listen>(), Sockets::kTcpOrUnix),
       "Where programs here find the service."},
      {"site", kRequired, kReload, name(at<&Forward::site>()), "The site that has the service."},
      {"service", kRequired, kReload, name(at<&Forward::service>()), "The name that the service has there."},
      {"allow_users", kOptional, kReload, users(at<&Forward::access, &Access::allow_users>()),
       "The users, by name or number, that may use the forward.", "everybody on this machine"},
      {"listen_mode", kOptional, kReload, mode(at<&Forward::access, &Access::socket_mode>()),
       "Mode of unix sockets among\n.Ic listen ."},
      {"listen_group", kOptional, kReload, group(at<&Forward::access, &Access::socket_group>()),
       "Group of unix sockets among\n.Ic listen ,\nby name or number.", "that of relayd"},
      {"xauthority", kOptional, kReload, path(at<&Forward::xauthority>()),
       "File that programs find the cookie of the display in, where the service is a display.", "none"},
  };
  return keys;
}

}  // namespace tsmtp::settings
