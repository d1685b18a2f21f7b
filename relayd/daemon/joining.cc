#include "relayd/daemon/joining.h"

#include <sysexits.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/request.h"
#include "relayd/pairing/secret.h"
#include "relayd/settings/pin.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out;
}

}  // namespace

Joining::Joining(boost::asio::any_io_executor executor, const net::TlsContext& tls, std::string own_pin,
                 SiteMaker sites, base::Logger& log)
    : executor_(std::move(executor)),
      tls_(tls),
      own_pin_(std::move(own_pin)),
      sites_(std::move(sites)),
      log_(log) {}

void Joining::join(std::string_view argument, net::RequestServer::Reply reply) {
  const auto asked = control::parse_join(argument);
  if (!asked) return reply(control::reply_error(asked.error().message, EX_USAGE));
  const auto token = pairing::parse_token(asked->token);
  if (!token) return reply(control::reply_error(token.error().message, EX_DATAERR));
  const pairing::Taken taken = sites_.taken();
  // A retry of what has worked: the link itself completes it.
  if (const settings::Site* const site = pairing::site_of_token(*token, taken))
    return reply(
        control::reply_ok(site->name + "\nthe hub that invites is known here already, as site " + site->name +
                          ": nothing is changed. To pair anew, remove that site and reload first\n"));
  if (token->is_for(own_pin_))
    return reply(control::reply_error(
        "this invitation is this hub's own: it is for the other hub, to be given to `relayctl join` there",
        EX_DATAERR));
  auto own = pairing::checked_domains(asked->own_domains.empty() ? taken.own_domains.patterns()
                                                                 : asked->own_domains);
  if (!own) return reply(control::reply_error(own.error().message, EX_DATAERR));
  if (own->size() > pairing::kMaxDomains)
    return reply(control::reply_error("more than 64 domains are too many to say", EX_DATAERR));
  if (std::exchange(is_under_way_, true))
    return reply(
        control::reply_error("another `relayctl join` is under way; try again in a minute", EX_TEMPFAIL));
  pairing::Request request{.id = token->id, .proof = {}, .is_final = asked->is_final, .joiner = {}};
  request.joiner = {.name = taken.hub_name, .domains = std::move(*own), .dial = {}};
  if (!asked->listen.empty()) request.joiner.dial.push_back(asked->listen);
  const auto dial = std::make_shared<net::PairingDial>(
      net::PairingDial::Means{.executor = executor_, .tls = tls_, .crypto = crypto_, .own_pin = own_pin_},
      *token, std::move(request),
      lifetime_.guard([this, asked = *asked, token = *token,
                       reply = std::move(reply)](const base::Result<net::PairingDial::Answered>& answer) {
        is_under_way_ = false;
        answered(asked, token, answer, reply);
      }));
  dial->start();
}

void Joining::answered(const control::JoinRequest& asked, const pairing::Token& token,
                       const base::Result<net::PairingDial::Answered>& answer,
                       const net::RequestServer::Reply& reply) {
  if (!answer)
    return reply(control::reply_error(
        answer.error().message + "; nothing is changed here. The same line can be used again",
        EX_UNAVAILABLE));
  if (const auto* const refusal = std::get_if<pairing::Refusal>(&answer->answer))
    return reply(control::reply_error(pairing::refusal_text(*refusal), EX_NOPERM));
  const pairing::Offered offered{.offer = std::get<pairing::Offer>(answer->answer),
                                 .inviter_pin = answer->inviter_pin,
                                 .dial = token.dial};
  auto site =
      pairing::site_of(offered, {.site = asked.site, .own_domains = asked.own_domains}, sites_.taken());
  if (!site) return reply(control::reply_error(site.error().message, EX_CANTCREAT));
  if (asked.is_final) return reply(make(*site));
  if (auto ok = sites_.check(site->name); !ok)
    return reply(control::reply_error(ok.error().message, EX_CANTCREAT));
  reply(control::reply_ok(site->name + '\n' + description(*site, token)));
}

std::string Joining::description(const pairing::NewSite& site, const pairing::Token& token) const {
  return "hub " + site.peer + (site.name == site.peer ? "" : ", as site " + site.name) + " at " +
         token.dial.to_string() + ", key " + settings::pin_text(site.pin) + "\n  its domains      " +
         listed(site.domains) + "\n  ours             " + listed(site.local) + "\n  words            " +
         words_of(crypto_, stored_secret(crypto_, token.secret), site.pin, own_pin_) +
         "\n                   (`relayctl invitations` there shows the same; compare them by telephone if "
         "you "
         "wish)\n";
}

std::string Joining::make(const pairing::NewSite& site) {
  const auto made = sites_.make(site, "`relayctl join`");
  if (!made) return control::reply_error(made.error().message, EX_CANTCREAT);
  log_.log(LogLevel::kInfo, "relayctl: joined hub " + site.peer + ", as site " + site.name + ": " + *made);
  return control::reply_ok(site.name + "\nsite " + site.name + " is made: " + *made + '\n');
}

}  // namespace tsmtp::daemon
