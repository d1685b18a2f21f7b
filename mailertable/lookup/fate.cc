#include "mailertable/lookup/fate.h"

#include <algorithm>
#include <string>
#include <vector>

#include "mailertable/text/in_quotes.h"
#include "mailertable/text/parser.h"
#include "mailertable/text/route.h"
#include "relayd/base/bytes.h"
#include "relayd/base/host_port.h"

namespace tsmtp::mailertable {
namespace {

std::string shown(std::string_view text) {
  return base::escaped(text, 200);
}

// "[192.0.2.1]" is a host, "hub.example" the name whose MX is asked for, unless the mailer has F=0.
std::string way_to(std::string_view rest, const Mailer* mailer) {
  const bool is_literal = rest.starts_with('[');
  if (is_literal) return "to the host " + shown(rest);
  if (mailer != nullptr && mailer->looks_up_mx == false) return "to the host " + shown(rest);
  return "to the MX of " + shown(rest) + ", as the DNS has it then";
}

Fate fate_of_network(const Route& route, const Mailers& mailers) {
  const std::string name = base::ascii_lower(route.mailer);
  if (route.rest.empty())
    return {Fate::Kind::kInClear,
            "mailer " + shown(name) + " without a host: sendmail takes the address itself for the host"};
  const auto hosts = hosts_of(route.rest);
  const bool is_here = std::all_of(hosts.begin(), hosts.end(), [](std::string_view host) {
    return host.starts_with("127.") || host.starts_with('/') || base::ascii_lower(host) == "ipv6:::1" ||
           !base::is_ipv4(host);
  });
  if (name != "tsmtp")
    return {Fate::Kind::kInClear, "sent by mailer " + shown(name) + ' ' +
                                      way_to(route.rest, mailers.find(name)) + ", outside the tunnel"};
  if (!is_here)
    return {Fate::Kind::kInClear, "sent in clear to " + shown(route.rest) + ", which is not this host"};
  if (!route.rest.starts_with('[') && !route.rest.starts_with('/') &&
      mailers.find(name)->looks_up_mx != false)
    return {Fate::Kind::kTunnel, "handed to relayd, if the MX of " + shown(route.rest) +
                                     " is this host (the mailer may not have F=0)"};
  return {Fate::Kind::kTunnel, "handed to relayd at " + shown(route.rest)};
}

// A status of class 4, or "tempfail", keeps the mail in the queue; a code in the text says it where there is
// no status.
Fate fate_of_error(std::string_view rest) {
  const std::size_t colon = rest.find(':');
  const std::string_view status =
      colon == std::string_view::npos ? std::string_view() : rest.substr(0, colon);
  std::string_view text = colon == std::string_view::npos ? rest : rest.substr(colon + 1);
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const bool keeps =
      text.starts_with('4') ||
      (!text.starts_with('5') && (status.starts_with('4') || status == "tempfail" || status == "75"));
  if (keeps) return {Fate::Kind::kDeferred, "kept in the queue: " + shown(text)};
  return {Fate::Kind::kBounced, "refused, and returned to its sender: " + shown(text)};
}

}  // namespace

std::string_view name_of(Fate::Kind kind) {
  switch (kind) {
    case Fate::Kind::kTunnel:
      return "tunnel";
    case Fate::Kind::kInClear:
      return "in clear";
    case Fate::Kind::kLocal:
      return "local";
    case Fate::Kind::kBounced:
      return "bounced";
    case Fate::Kind::kDeferred:
      return "deferred";
    case Fate::Kind::kDiscarded:
      return "discarded";
    case Fate::Kind::kOther:
      return "other";
  }
  return {};
}

Fate fate_of(std::string_view value, const Mailers& mailers) {
  const auto route = parse_route(value);
  if (!route)
    return {Fate::Kind::kInClear,
            "the value holds no mailer, so sendmail goes on as if it were not there (SMART_HOST, or the MX)"};
  if (!mailers.knows(route->mailer))
    return {Fate::Kind::kBounced,
            "returned to its sender: sendmail knows no mailer " + in_quotes(route->mailer)};
  if (base::ascii_lower(route->mailer) == "discard")
    return {Fate::Kind::kDiscarded, "thrown away; its sender is told that it was delivered"};
  switch (mailers.kind_of(route->mailer)) {
    case MailerKind::kNetwork:
      return fate_of_network(*route, mailers);
    case MailerKind::kError:
      return fate_of_error(route->rest);
    case MailerKind::kLocal:
      return {Fate::Kind::kLocal, route->rest.empty()
                                      ? "delivered on this host, to the user that the address names"
                                      : "delivered on this host, to " + shown(route->rest)};
    case MailerKind::kOther:
      return {Fate::Kind::kOther, "handed to mailer " + shown(route->mailer) + " with " + shown(route->rest)};
  }
  return {Fate::Kind::kOther, {}};
}

}  // namespace tsmtp::mailertable
