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

constexpr char kNewKeyThere[] =
    "It needs a new key before both can pair: there, say `relayctl rotate --compromised` and then "
    "`relayctl invite`";

std::string listed(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words)
    out += (out.empty() ? "" : ", ") + word;
  return out;
}

// Whose link is looked at.
const std::string& site_name(const pairing::NewSite& site) {
  return site.hub_of.empty() ? site.name : site.hub_of;
}

std::string lines_of(const std::vector<std::string>& notes) {
  std::string out;
  for (const std::string& note : notes)
    out += "  NOTE             " + note + '\n';
  return out;
}

}  // namespace

Joining::Joining(Means means, SiteMaker sites, base::Logger& log)
    : means_(std::move(means)), sites_(std::move(sites)), log_(log) {}

Joining::~Joining() {
  if (const auto dial = dial_.lock()) dial->cancel();
}

void Joining::join(std::string_view argument, net::RequestServer::Reply reply) {
  const auto asked = control::parse_join(argument);
  if (!asked) return reply(control::reply_error(asked.error().message, EX_USAGE));
  const auto token = pairing::parse_token(asked->token);
  if (!token) return reply(control::reply_error(token.error().message, EX_DATAERR));
  const pairing::Taken taken = sites_.taken();
  // A retry after the pairing has worked: the link itself completes it.
  if (const settings::Site* const site = pairing::site_of_token(*token, taken))
    return reply(known_here(*site, taken));
  for (const std::string& pin : taken.revoked)
    if (token->is_for(pin))
      return reply(control::reply_error("the key of the hub that invites, " + settings::pin_text(pin) +
                                            ", is revoked here, for good. " + kNewKeyThere,
                                        EX_NOPERM));
  if (std::any_of(own_keys().pins.begin(), own_keys().pins.end(),
                  [&](const std::string& pin) { return token->is_for(pin); }))
    return reply(
        control::reply_error("this invitation is this hub's own: it is for the other hub, to be given to "
                             "`relayctl join` there. If "
                             "this is the other hub, it has a copy of that one's identity file (a cloned "
                             "machine, perhaps): move the "
                             "file away here, say `relayctl init`, and restart relayd",
                             EX_DATAERR));
  auto own = pairing::checked_domains(asked->own_domains.empty() ? taken.own_domains.patterns()
                                                                 : asked->own_domains);
  if (!own) return reply(control::reply_error(own.error().message, EX_DATAERR));
  if (own->size() > pairing::kMaxDomains)
    return reply(control::reply_error("more than 64 domains are too many to say", EX_DATAERR));
  if (std::exchange(is_under_way_, true))
    return reply(
        control::reply_error("another `relayctl join` is under way; try again in a minute", EX_TEMPFAIL));
  dial({.request = *asked, .token = *token, .own_domains = std::move(*own)}, std::move(reply));
}

std::string Joining::known_here(const settings::Site& site, const pairing::Taken& taken) const {
  if (pairing::is_dead(site, taken))
    return control::reply_error("the hub that invites is site " + site.name +
                                    " here, and its key is revoked, for good. " + kNewKeyThere +
                                    ". Here, first remove the entry of the site and reload",
                                EX_NOPERM);
  return control::reply_ok(site.name + "\nthe hub that invites is known here already, as site " + site.name +
                           ": nothing is changed. To pair anew, remove that site and reload first\n");
}

void Joining::dial(const Asked& asked, net::RequestServer::Reply reply) {
  pairing::Request request{
      .id = asked.token.id,
      .proof = {},
      .is_final = asked.request.is_final,
      .joiner = {.name = sites_.taken().hub_name, .domains = asked.own_domains, .dial = {}}};
  if (!asked.request.listen.empty()) request.joiner.dial.push_back(asked.request.listen);
  const auto dial = std::make_shared<net::PairingDial>(
      net::PairingDial::Means{
          .executor = means_.executor, .tls = means_.tls, .crypto = crypto_, .judge = means_.judge},
      asked.token, std::move(request),
      lifetime_.guard(
          [this, asked, reply = std::move(reply)](const base::Result<net::PairingDial::Answered>& answer) {
            is_under_way_ = false;
            reply(answered(asked, answer));
          }));
  dial_ = dial;
  dial->start();
}

std::string Joining::answered(const Asked& asked, const base::Result<net::PairingDial::Answered>& answer) {
  if (!answer)
    return control::reply_error(
        answer.error().message + "; nothing is changed here. The same line can be used again",
        EX_UNAVAILABLE);
  if (const auto* const refusal = std::get_if<pairing::Refusal>(&answer->answer))
    return control::reply_error(pairing::refusal_text(*refusal),
                                refusal->why == pairing::Why::kTrouble ? EX_UNAVAILABLE : EX_NOPERM);
  const pairing::Offered offered{.offer = std::get<pairing::Offer>(answer->answer),
                                 .inviter_pin = answer->inviter_pin,
                                 .dial = asked.token.dial};
  auto site = pairing::site_of(
      offered, {.site = asked.request.site, .hub_of = asked.request.hub_of, .own_domains = asked.own_domains},
      sites_.taken());
  if (!site) return control::reply_error(site.error().message, EX_CANTCREAT);
  const std::string text = description(*site, asked.token);
  const std::string name_of_offer = base::hex(crypto_.sha256(text));
  if (!asked.request.is_final) {
    if (auto ok = site->hub_of.empty() ? sites_.check(site->name) : sites_.check_hub_of(site->hub_of); !ok)
      return control::reply_error(ok.error().message, EX_CANTCREAT);
    return control::reply_ok(
        site_name(*site) + ' ' + name_of_offer + '\n' + text +
        lines_of(pairing::notes_on(site->domains, pairing::without(sites_.taken(), site->hub_of))));
  }
  if (asked.request.agreed != name_of_offer)
    return control::reply_error(
        "the other hub has changed what it says of itself since you were asked; nothing is changed here. "
        "Look "
        "again: the same line can be used again",
        EX_TEMPFAIL);
  if (!offered.offer.is_final)
    return control::reply_error(
        "the other hub did not note that this one has joined; nothing is changed here. "
        "The same line can be used again",
        EX_UNAVAILABLE);
  return make(*site);
}

std::string Joining::description(const pairing::NewSite& site, const pairing::Token& token) const {
  return "hub " + site.peer +
         (!site.hub_of.empty()     ? ", as hub " + site.name + " of site " + site.hub_of
          : site.name == site.peer ? ""
                                   : ", as site " + site.name) +
         " at " + token.dial.to_string() + ", key " + settings::pin_text(site.pin) + "\n  its domains      " +
         listed(site.domains) + "\n  ours             " + listed(site.local) + "\n  words            " +
         words_of(crypto_, stored_secret(crypto_, token.secret), site.pin, own_keys().pin()) +
         "\n                   (`relayctl invitations` there shows the same; compare them by telephone if "
         "you "
         "wish)\n";
}

std::string Joining::make(const pairing::NewSite& site) {
  const auto made = sites_.make(site, "`relayctl join`");
  if (!made) return control::reply_error(made.error().message, EX_CANTCREAT);
  const std::string what =
      site.hub_of.empty() ? "site " + site.name : "hub " + site.name + " of site " + site.hub_of;
  log_.log(LogLevel::kInfo, "relayctl: joined hub " + site.peer + ", as " + what + ": " + *made);
  return control::reply_ok(site_name(site) + '\n' + what + " is made: " + *made + '\n');
}

}  // namespace tsmtp::daemon
