#include "relayd/daemon/pairing.h"

#include <sysexits.h>

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

constexpr std::size_t kMaxExchanges = 16;
constexpr std::chrono::hours kLongestLife{30 * 24};

}  // namespace

Pairing::Pairing(std::string state_dir, std::string own_pin, SiteMaker sites, base::Logger& log)
    : state_dir_(std::move(state_dir)),
      own_pin_(std::move(own_pin)),
      sites_(std::move(sites)),
      log_(log),
      invitations_(load_invitations(state_dir_, log)) {
  forget_old();
}

Pairing::~Pairing() {
  for (const auto& exchange : exchanges_)
    exchange->cancel();
}

base::Result<void> Pairing::save() const {
  return save_invitations(state_dir_, invitations_);
}

void Pairing::forget_old() {
  invitations_.forget_old(net::wall_now());
}

void Pairing::serve(std::unique_ptr<net::TlsStream> stream) {
  if (exchanges_.size() >= kMaxExchanges) {
    exchanges_.front()->cancel();
    exchanges_.pop_front();
  }
  const std::string from = stream->peer_address();
  const pairing::Session session{
      .exporter = stream->exported(pairing::kExporterLabel, pairing::kExporterBytes),
      .inviter_pin = own_pin_,
      .joiner_pin = stream->peer_pin()};
  auto exchange = std::make_shared<net::Exchange*>(nullptr);
  exchanges_.push_back(std::make_shared<net::Exchange>(
      std::move(stream),
      net::Exchange::Callbacks{
          .heard = [this, session, from](std::string_view received) -> std::optional<std::string> {
            const auto request = pairing::read_request(received);
            if (!request) return std::nullopt;
            if (!*request) {
              log_.log(LogLevel::kWarning, from + ": pairing: " + request->error().message);
              return pairing::encode(pairing::Refusal{.why = pairing::Why::kMalformed, .detail = {}});
            }
            return pairing::encode(answer(**request, session, from));
          },
          .ended =
              [this, exchange](const std::string& /*error*/) {
                std::erase_if(exchanges_, [&](const auto& known) { return known.get() == *exchange; });
              }}));
  *exchange = exchanges_.back().get();
  exchanges_.back()->start({});
}

pairing::Answer Pairing::answer(const pairing::Request& request, const pairing::Session& session,
                                const std::string& from) {
  const pairing::Invitations before = invitations_;
  auto [answer, must_save] =
      pairing::judge(invitations_, request, session, sites_.taken(), crypto_, net::wall_now());
  const auto* const refusal = std::get_if<pairing::Refusal>(&answer);
  const std::string who = from + " (" + settings::pin_text(session.joiner_pin) + ")";
  if (must_save) {
    if (const auto saved = save(); !saved) {
      if (refusal == nullptr) invitations_ = before;
      log_.log(LogLevel::kError, "pairing with " + who + ": " + saved.error().message);
      if (refusal == nullptr) return pairing::Refusal{.why = pairing::Why::kTrouble, .detail = "its disk"};
    }
  }
  if (refusal != nullptr) {
    log_.log(LogLevel::kWarning, "pairing with " + who + " refused: " + refusal_name(*refusal));
  } else if (must_save) {
    const Invitation& one = *invitations_.find(request.id);
    log_.log(LogLevel::kInfo, "invitation " + one.site + " is taken up by hub " + one.joiner.name + ", " +
                                  who +
                                  "; words: " + words_of(crypto_, one.stored_secret, own_pin_, one.pin));
  }
  return answer;
}

bool Pairing::is_promised(const std::string& pin) const {
  return invitations_.is_promised_to(pin, net::wall_now());
}

base::Result<void> Pairing::fulfil(const std::string& pin) {
  Invitation* const one = invitations_.promised_to(pin, net::wall_now());
  if (one == nullptr) return base::Error{"no invitation was taken up with this key"};
  const auto made = sites_.make({.name = one->site,
                                 .peer = one->joiner.name,
                                 .pin = one->pin,
                                 .dial = one->joiner.dial,
                                 .domains = one->joiner.domains,
                                 .local = one->own_domains},
                                "relayd after `relayctl invite`");
  if (!made) {
    log_.log(LogLevel::kError, "invitation " + one->site + ": " + made.error().message);
    return made.error();
  }
  one->state = pairing::State::kUsed;
  if (const auto saved = save(); !saved) log_.log(LogLevel::kError, saved.error().message);
  log_.log(LogLevel::kInfo, "site " + one->site + " is made after an invitation: " + *made);
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
  if (pairing::is_name_taken(asked->site, taken))
    return base::Error{"the name \"" + asked->site + "\" is already that of " +
                       (asked->site == taken.hub_name ? "this hub" : "a site") + "; take another"};
  if (asked->domains.empty()) return base::Error{"which domains may the other hub have? Name at least one"};
  auto domains = pairing::checked_domains(asked->domains);
  if (!domains) return domains.error();
  if (const auto conflict = pairing::conflict_of(*domains, taken))
    return base::Error{"the domain \"" + conflict->domain + "\" is already that of " + conflict->owner};
  auto own = pairing::checked_domains(asked->own_domains.empty() ? taken.own_domains.patterns()
                                                                 : asked->own_domains);
  if (!own) return own.error();
  if (own->empty())
    return base::Error{
        "which domains has this hub? relayd.toml does not say: name them with --own DOMAIN, or better once "
        "for all "
        "sites, as domains = [\"DOMAIN\"] in [hub]"};
  if (auto ok = sites_.check(asked->site); !ok) return ok.error();
  const base::WallTime now = net::wall_now();
  Invitation one;
  one.site = asked->site;
  one.domains = std::move(*domains);
  one.own_domains = std::move(*own);
  one.dial = asked->dial;
  one.made = now;
  one.expires = now + asked->lifetime;
  return one;
}

std::string Pairing::invite(std::string_view argument) {
  auto one = new_invitation(argument);
  if (!one) return control::reply_error(one.error().message, EX_DATAERR);
  const auto dial = base::parse_host_port(one->dial);
  if (!dial) return control::reply_error(dial.error().message, EX_DATAERR);
  forget_old();
  if (const Invitation* const other = invitations_.pending_for(one->site, one->made))
    return control::reply_error("there is an invitation for " + other->site +
                                    " already; `relayctl uninvite " + other->site + "` withdraws it",
                                EX_CANTCREAT);
  do
    one->id = crypto_.random(pairing::kIdBytes);
  while (invitations_.find(one->id) != nullptr);
  const pairing::Token token{.id = one->id,
                             .secret = crypto_.random(pairing::kSecretBytes),
                             .short_pin = own_pin_.substr(0, pairing::kShortPinBytes),
                             .dial = *dial};
  const auto text = pairing::token_text(token);
  if (!text) return control::reply_error(text.error().message, EX_DATAERR);
  one->stored_secret = stored_secret(crypto_, token.secret);
  const pairing::Invitations before = invitations_;
  auto ok = invitations_.add(*one);
  if (ok) ok = save();
  if (!ok) {
    invitations_ = before;
    return control::reply_error(ok.error().message, EX_CANTCREAT);
  }
  log_.log(LogLevel::kInfo,
           "relayctl: hub " + one->site + " is invited, until " + control::rfc3339(one->expires));
  return control::reply_ok(*text + '\n');
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
  log_.log(LogLevel::kInfo, "relayctl: the invitation of " + one->site + " is withdrawn");
  return control::reply_ok("the invitation of " + one->site + " is withdrawn\n");
}

std::string Pairing::list(bool as_json) const {
  const base::WallTime now = net::wall_now();
  std::vector<ListedInvitation> listed;
  for (const Invitation& one : invitations_.all())
    listed.push_back(
        {.invitation = one,
         .words = one.pin.empty() ? "" : words_of(crypto_, one.stored_secret, own_pin_, one.pin)});
  return control::reply_ok(as_json ? invitations_json(listed, now) : invitations_text(listed, now));
}

}  // namespace tsmtp::daemon
