#include "relayd/daemon/pairing.h"

#include <sysexits.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/control/pairing_request.h"
#include "relayd/control/request.h"
#include "relayd/control/time_text.h"
#include "relayd/daemon/invitation_file.h"
#include "relayd/daemon/invitation_list.h"
#include "relayd/net/io/clocks.h"
#include "relayd/pairing/token.h"
#include "relayd/settings/pin.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;
using pairing::Invitation;
using Save = pairing::Judgement::Save;

constexpr std::size_t kMaxExchanges = 16;
constexpr std::chrono::seconds kBetweenTries{5};
constexpr std::chrono::hours kLongestLife{30 * 24};

// The findings of a reload are lines.
std::string in_one_line(std::string text) {
  for (std::size_t end = text.find('\n'); end != text.npos; end = text.find('\n', end))
    text.replace(end, 1, "; ");
  return text;
}

std::string made_text(const Invitation& one) {
  return one.hub_of.empty() ? "site " + one.site : "hub " + one.site + " of site " + one.hub_of;
}

base::Result<void> check_name(const std::string& name, const pairing::Taken& taken) {
  if (name == taken.hub_name)
    return base::Error{"the name \"" + name + "\" is already that of this hub; take another"};
  const auto site = std::find_if(taken.sites.begin(), taken.sites.end(),
                                 [&](const settings::Site& known) { return known.name == name; });
  if (site == taken.sites.end()) return {};
  if (pairing::is_dead(*site, taken))
    return base::Error{"site " + name +
                       " is here, and its key is revoked, for good: remove its entry and reload before it is "
                       "invited anew. It needs a new key first (there: `relayctl rotate --compromised`)"};
  return base::Error{"the name \"" + name + "\" is already that of a site; take another"};
}

}  // namespace

Pairing::Pairing(std::string state_dir, const net::TlsContext& tls, SiteMaker sites, base::Logger& log)
    : state_dir_(std::move(state_dir)),
      tls_(tls),
      sites_(std::move(sites)),
      log_(log),
      invitations_(load_invitations(state_dir_, log)),
      expiry_(net::wall_now(), net::now()) {
  settle();
}

Pairing::~Pairing() {
  for (const Open& one : exchanges_)
    one.exchange->cancel();
}

base::Result<void> Pairing::save() {
  auto saved = save_invitations(state_dir_, invitations_);
  is_saved_ = saved.has_value();
  return saved;
}

void Pairing::save_if_due() {
  if (is_saved_) return;
  if (const auto saved = save(); !saved) complain(saved.error().message);
}

void Pairing::settle() {
  if (!invitations_.settle(sites_.taken())) return;
  is_saved_ = false;
  save_if_due();
}

void Pairing::forget_old() {
  const auto now = net::wall_now();
  // A clock that is wrong for a while must not part a hub that has joined from its site.
  if (expiry_.look(now, net::now())) invitations_.forget_old(now);
  std::erase_if(failed_, [&](const auto& one) { return !invitations_.is_promised_to(one.first, now); });
}

// One address that opens many only drives out its own.
void Pairing::make_room(const std::string& host) {
  if (exchanges_.size() < kMaxExchanges) return;
  std::map<std::string, std::size_t> counts{{host, 1}};
  for (const Open& one : exchanges_)
    ++counts[one.host];
  const auto victim = std::max_element(
      exchanges_.begin(), exchanges_.end(),
      [&](const Open& one, const Open& other) { return counts[one.host] < counts[other.host]; });
  victim->exchange->cancel();
  exchanges_.erase(victim);
}

void Pairing::serve(std::unique_ptr<net::TlsStream> stream, bool is_revoked) {
  const std::string from = stream->peer_address();
  const std::string host = from.substr(0, from.rfind(':'));
  make_room(host);
  const pairing::Session session{
      .exporter = stream->exported(pairing::kExporterLabel, pairing::kExporterBytes),
      .inviter_pin = stream->own_keys().pin(),
      .joiner_pin = stream->peer_pin()};
  if (session.exporter.empty()) return complain("pairing with " + from + ": TLS exports no key");
  auto exchange = std::make_shared<net::Exchange*>(nullptr);
  exchanges_.push_back(
      {host,
       std::make_shared<net::Exchange>(
           std::move(stream),
           net::Exchange::Callbacks{
               .heard = [this, session, from,
                         is_revoked](std::string_view received) -> std::optional<std::string> {
                 const auto request = pairing::read_request(received);
                 if (!request) return std::nullopt;
                 if (!*request) {
                   complain(from + ": pairing: " + request->error().message);
                   return pairing::encode(pairing::Refusal{.why = pairing::Why::kMalformed, .detail = {}});
                 }
                 if (is_revoked) {
                   complain("pairing with " + from + " (" + settings::pin_text(session.joiner_pin) +
                            ") refused: its key is revoked");
                   return pairing::encode(pairing::Refusal{.why = pairing::Why::kKeyRevoked, .detail = {}});
                 }
                 return pairing::encode(answer(**request, session, from));
               },
               .ended =
                   [this, exchange](const std::string& /*error*/) {
                     std::erase_if(exchanges_,
                                   [&](const Open& one) { return one.exchange.get() == *exchange; });
                   }})});
  *exchange = exchanges_.back().exchange.get();
  exchanges_.back().exchange->start({});
}

pairing::Answer Pairing::answer(const pairing::Request& request, const pairing::Session& session,
                                const std::string& from) {
  const pairing::Invitations before = invitations_;
  const auto [answer, save] =
      pairing::judge(invitations_, request, session, sites_.taken(), crypto_, net::wall_now());
  if (save != Save::kNothing) is_saved_ = false;
  const std::string who = from + " (" + settings::pin_text(session.joiner_pin) + ")";
  if (save == Save::kFirst) {
    if (const auto noted = note(*invitations_.find(request.id)); !noted) {
      invitations_ = before;
      complain("pairing with " + who + ": " + noted.error().message);
      return pairing::Refusal{.why = pairing::Why::kTrouble, .detail = "it cannot make the site"};
    }
  }
  log_answer(answer, save, request.id, who);
  return answer;
}

// Checks beforehand that the site can be made here: the other hub makes its own when it has the answer.
base::Result<void> Pairing::note(const Invitation& taken_up) {
  if (auto ok = taken_up.hub_of.empty() ? sites_.check(taken_up.site) : sites_.check_hub_of(taken_up.hub_of);
      !ok)
    return ok;
  return save();
}

void Pairing::log_answer(const pairing::Answer& answer, Save save, const std::string& id,
                         const std::string& who) const {
  const auto known = std::find_if(invitations_.all().begin(), invitations_.all().end(),
                                  [&](const Invitation& one) { return one.id == id; });
  const auto* const refusal = std::get_if<pairing::Refusal>(&answer);
  if (refusal != nullptr && save == Save::kSoon && known->state == pairing::State::kTried)
    return log_.log(LogLevel::kWarning, "the invitation of " + known->site +
                                            " has ended: " + std::to_string(pairing::kMaxTries) +
                                            " wrong secrets, the last of them from " + who);
  if (refusal != nullptr && save == Save::kSoon)
    return complain("pairing with " + who + " refused: a wrong secret for the invitation of " + known->site +
                    ", try " + std::to_string(known->wrong_tries) + " of " +
                    std::to_string(pairing::kMaxTries));
  if (refusal != nullptr) return complain("pairing with " + who + " refused: " + refusal_name(*refusal));
  if (save != Save::kFirst) return;
  log_.log(LogLevel::kInfo, "invitation " + known->site + " is taken up by hub " + known->joiner.name + ", " +
                                who +
                                "; words: " + words_of(crypto_, known->stored_secret, own_pin(), known->pin));
}

// Any host that reaches the port can make us say it.
void Pairing::complain(const std::string& text) const {
  log_.log_provoked(base::Provoked::kRefusal, "pairing", LogLevel::kWarning, text);
}

bool Pairing::is_promised(const std::string& pin) const {
  return invitations_.is_promised_to(pin, net::wall_now());
}

base::Result<void> Pairing::fulfil(const std::string& pin) {
  Invitation* const one = invitations_.promised_to(pin, net::wall_now());
  if (one == nullptr) return base::Error{"no invitation was taken up with this key"};
  const auto failed = [&](const std::string& text) {
    const std::string why = in_one_line(text);
    failed_[pin] = {.next_try = net::now() + kBetweenTries, .why = why};
    complain("invitation " + one->site + ", taken up by hub " + one->joiner.name + ": " + why);
    return base::Error{why};
  };
  if (const auto known = failed_.find(pin); known != failed_.end() && net::now() < known->second.next_try)
    return base::Error{"its site could not be made a moment ago"};
  if (const auto conflict =
          pairing::conflict_of(one->joiner.domains, pairing::without(sites_.taken(), one->hub_of)))
    return failed("the domain " + conflict->domain + " is that of " + conflict->owner + " by now");
  const auto made = sites_.make({.name = one->site,
                                 .hub_of = one->hub_of,
                                 .peer = one->joiner.name,
                                 .pin = one->pin,
                                 .dial = one->joiner.dial,
                                 .domains = one->joiner.domains,
                                 .local = one->own_domains},
                                "relayd after `relayctl invite`");
  if (!made) return failed(made.error().message);
  settle();
  log_.log(LogLevel::kInfo, made_text(*one) + " is made after an invitation: " + *made);
  return {};
}

base::Result<Invitation> Pairing::new_invitation(std::string_view argument) const {
  auto asked = control::parse_invite(argument);
  if (!asked) return asked.error();
  if (!pairing::is_site_name(asked->site))
    return base::Error{"\"" + base::escaped(asked->site, 100) +
                       "\" is no name for a site: letters, digits, '.', '-' and '_', at most 63"};
  if (asked->lifetime > kLongestLife) return base::Error{"--expires: at most 30d"};
  const pairing::Taken taken = sites_.taken();
  if (!asked->hub_of.empty()) {
    const settings::Site* const site = pairing::site_of_name(asked->hub_of, taken);
    if (site == nullptr)
      return base::Error{"there is no site \"" + base::escaped(asked->hub_of, 100) +
                         "\"; `relayctl status` lists them"};
    if (pairing::has_hub(*site, asked->site))
      return base::Error{"site " + site->name + " has a hub " + asked->site + " already; take another name"};
    if (!asked->domains.empty())
      return base::Error{"the domains of a hub of site " + site->name + " are those of the site; name none"};
    asked->domains = site->rules.domains.patterns();
  } else if (auto ok = check_name(asked->site, taken); !ok) {
    return ok.error();
  }
  if (asked->domains.empty()) return base::Error{"which domains may the other hub have? Name at least one"};
  auto domains = pairing::checked_domains(asked->domains);
  if (!domains) return domains.error();
  auto own = pairing::checked_domains(asked->own_domains.empty() ? taken.own_domains.patterns()
                                                                 : asked->own_domains);
  if (!own) return own.error();
  if (own->empty())
    return base::Error{
        "which domains has this hub? relayd.toml does not say: name them with --own DOMAIN, or better once "
        "for all sites, as domains = [\"DOMAIN\"] in [hub]"};
  if (auto ok = asked->hub_of.empty() ? sites_.check(asked->site) : sites_.check_hub_of(asked->hub_of); !ok)
    return ok.error();
  const base::WallTime now = net::wall_now();
  Invitation one;
  one.site = asked->site;
  one.hub_of = asked->hub_of;
  one.domains = std::move(*domains);
  one.own_domains = std::move(*own);
  one.dial = asked->dial;
  one.made = now;
  one.expires = now + asked->lifetime;
  if (auto ok = check_domains(one, taken); !ok) return ok.error();
  if (auto ok = pairing::check_size(one, taken); !ok) return ok.error();
  return one;
}

base::Result<void> Pairing::check_domains(const Invitation& wanted, const pairing::Taken& taken) const {
  if (const auto conflict = pairing::conflict_of(wanted.domains, pairing::without(taken, wanted.hub_of)))
    return base::Error{"the domain \"" + conflict->domain + "\" is already that of " + conflict->owner};
  for (const std::string& domain : wanted.domains) {
    if (std::count(wanted.own_domains.begin(), wanted.own_domains.end(), domain) > 0)
      return base::Error{"the domain \"" + domain + "\" cannot be the other hub's and this one's"};
    if (const Invitation* const other = invitations_.pending_with(domain, wanted.made);
        other != nullptr && other->site != wanted.site &&
        (wanted.hub_of.empty() || other->hub_of != wanted.hub_of))
      return base::Error{"the domain \"" + domain + "\" is in the invitation of " + other->site +
                         " already; `relayctl uninvite " + other->site + "` withdraws that"};
  }
  return {};
}

std::string Pairing::invite(std::string_view argument) {
  auto one = new_invitation(argument);
  if (!one) return control::reply_error(one.error().message, EX_DATAERR);
  const auto dial = base::parse_host_port(one->dial);
  if (!dial) return control::reply_error(dial.error().message, EX_DATAERR);
  if (invitations_.all().size() >= pairing::kMaxInvitations) invitations_.forget_old(one->made);
  if (const Invitation* const other = invitations_.pending_for(one->site, one->made))
    return control::reply_error("there is an invitation for " + other->site +
                                    " already; `relayctl uninvite " + other->site + "` withdraws it",
                                EX_CANTCREAT);
  do
    one->id = crypto_.random(pairing::kIdBytes);
  while (invitations_.find(one->id) != nullptr);
  const pairing::Token token{.id = one->id,
                             .secret = crypto_.random(pairing::kSecretBytes),
                             .short_pin = own_pin().substr(0, pairing::kShortPinBytes),
                             .dial = *dial};
  const auto text = pairing::token_text(token);
  if (!text) return control::reply_error(text.error().message, EX_DATAERR);
  one->stored_secret = stored_secret(crypto_, token.secret);
  const pairing::Invitations before = invitations_;
  base::Result<void> ok = invitations_.add(*one);
  if (ok) ok = save();
  if (!ok) {
    invitations_ = before;
    return control::reply_error(ok.error().message, EX_CANTCREAT);
  }
  log_.log(LogLevel::kInfo, "relayctl: hub " + one->site +
                                (one->hub_of.empty() ? "" : " of site " + one->hub_of) +
                                " is invited, until " + control::rfc3339(one->expires));
  std::string notes;
  for (const std::string& note :
       pairing::notes_on(one->domains, pairing::without(sites_.taken(), one->hub_of)))
    notes += note + '\n';
  return control::reply_ok(*text + '\n' + notes);
}

std::string Pairing::uninvite(std::string_view site) {
  Invitation* const one = invitations_.pending_for(site, net::wall_now());
  if (one == nullptr)
    return control::reply_error(
        "no invitation is out for \"" + base::escaped(site, 100) + "\"; `relayctl invitations` lists them",
        EX_DATAERR);
  const auto before = one->state;
  one->state = pairing::State::kWithdrawn;
  if (auto ok = save(); !ok) {
    one->state = before;
    return control::reply_error(ok.error().message, EX_IOERR);
  }
  std::string done = "the invitation of " + one->site + " is withdrawn";
  if (before == pairing::State::kAccepted)
    done += "; hub " + one->joiner.name + ", which has joined by it, gets no site here";
  log_.log(LogLevel::kInfo, "relayctl: " + done);
  return control::reply_ok(done + '\n');
}

std::string Pairing::list(bool as_json) const {
  const base::WallTime now = net::wall_now();
  std::vector<ListedInvitation> listed;
  for (const Invitation& one : invitations_.all()) {
    ListedInvitation entry{.invitation = one, .words = {}, .trouble = {}};
    if (!one.pin.empty()) entry.words = words_of(crypto_, one.stored_secret, own_pin(), one.pin);
    if (const auto failed = failed_.find(one.pin); failed != failed_.end() && one.is_promised(now))
      entry.trouble = failed->second.why;
    listed.push_back(std::move(entry));
  }
  return control::reply_ok(as_json ? invitations_json(listed, now) : invitations_text(listed, now));
}

}  // namespace tsmtp::daemon
