#include "relayd/net/site_hub.h"

#include <algorithm>
#include <utility>

#include "relayd/base/time_of_day.h"
#include "relayd/forward/service.h"
#include "relayd/link/process_notice.h"
#include "relayd/link/report.h"
#include "relayd/link/version_notice.h"
#include "relayd/mail/service.h"
#include "relayd/net/io/clocks.h"
#include "relayd/smtp/reply.h"
#include "relayd/smtp/shown_cause.h"

namespace tsmtp::net {
namespace {

constexpr std::chrono::seconds kOffersAreSaid{5};
static_assert(sizeof(TSMTP_VERSION) - 1 <= link::kMaxVersionBytes);

std::string time_text(std::int64_t seconds) {
  return base::time_of_day(base::wall_time(seconds), wall_now());
}

}  // namespace

SiteHub::SiteHub(const SharedBySites& shared, const settings::Site& site, settings::SiteHub own,
                 Callbacks callbacks)
    : site_(site),
      own_(std::move(own)),
      callbacks_(std::move(callbacks)),
      shared_(shared),
      link_(shared, site.name, link_settings(),
            SiteLink::Callbacks{
                .accept_stream = {{mail::kService, lifetime_.guard([this](mux::StreamKey stream) {
                                     return callbacks_.accept_mail(*this, stream);
                                   })},
                                  {forward::kService, lifetime_.guard([this](mux::StreamKey stream) {
                                     return callbacks_.accept_forward(*this, stream);
                                   })}},
                .up = lifetime_.guard([this] { link_up(); }),
                .down = lifetime_.guard([this] {
                  notices_.link_down();
                  version_.clear();
                  offered_.clear();
                  callbacks_.offered();
                }),
                .noticed = lifetime_.guard([this](std::string_view bytes) { noticed(bytes); }),
                .left = lifetime_.guard([this] { enquiry_.link_up(); }),
                .standing_changed = lifetime_.guard([this] { standing_changed(); })}),
      enquiry_(shared, link_, site.name,
               {.may_be_asked =
                    [this](const ledger::DoubtPlace& place) { return callbacks_.may_be_asked(*this, place); },
                .went = [this](const std::string& id) { return callbacks_.went(*this, id); }}),
      notices_(shared.executor, link_),
      keys_(shared, link_),
      offers_timer_(shared.executor) {
  link_.rename(site_.name, shown_name());
}

SiteHub::~SiteHub() {
  stop("closing");
  lifetime_.end();
}

void SiteHub::reconfigure(settings::SiteHub own) {
  own_ = std::move(own);
  link_.rename(site_.name, shown_name());
  link_.reconfigure(link_settings());
}

std::string SiteHub::shown_name() const {
  return site_.hubs.size() == 1 ? site_.name : site_.name + '/' + own_.name;
}

std::string SiteHub::name_among_several() const {
  return site_.hubs.size() == 1 ? std::string() : own_.name;
}

bool SiteHub::has_key(const std::string& pin) const {
  return std::any_of(own_.pins.begin(), own_.pins.end(), [&](const std::string& own) {
    const std::vector<std::string> family = shared_.keys.book().family(own);
    return own == pin || std::find(family.begin(), family.end(), pin) != family.end();
  });
}

// The successor of a far relayd says anew what holds for the hub. Until it has, what its predecessor said
// does.
void SiteHub::link_up() {
  version_.clear();
  if (link_.peer() != nullptr && link_.peer()->knows_versions())
    link_.notice(link::encode_version_notice(TSMTP_VERSION));
  enquiry_.link_up();
  notices_.link_up(callbacks_.own_mta());
  keys_.announce();
  if (!shared_.instance.successor.empty()) link_.has_successor();
  for (const forward::Offer& one : callbacks_.offers())
    offer(one);
  if (!offered_.expect_anew()) return;
  offers_timer_.expires_after(kOffersAreSaid);
  offers_timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (!error && offered_.drop_unsaid()) callbacks_.offered();
  }));
}

void SiteHub::predecessor_gone() {
  link_.predecessor_gone();
  enquiry_.link_up();  // about what it has left in doubt
}

void SiteHub::standing_changed() {
  const bool is_away = link_.life().standing().state() == link::Standing::State::kInterrupted;
  if (!is_away) away_since_.reset();
  if (is_away && !away_since_) away_since_ = now();
  callbacks_.standing_changed();
}

mail::HubStanding SiteHub::standing() const {
  using State = mail::HubStanding::State;
  mail::HubStanding out{.under_way = mails_under_way_, .last_given = last_given_};
  if (link_.open_connections() == 0 || revocation())
    out.state = link_.is_interrupted() ? State::kInterrupted : State::kAway;
  else if (refusal())
    out.state = State::kRefuses;
  else if (link_.is_full() || link::stands_still_since(link_.life().lanes()))
    out.state = State::kSlow;
  else
    out.state = State::kTakesMail;
  return out;
}

void SiteHub::mail_begins(std::uint64_t number) {
  last_given_ = number;
  ++mails_under_way_;
}

ledger::DoubtPlace SiteHub::place_of_doubt() const {
  return {.pin = own_.pins.front(),
          .hub = site_.is_one_hub() ? std::string() : own_.name,
          .is_shared = link_.peer() != nullptr && link_.peer()->shares_outcomes()};
}

void SiteHub::offer(const forward::Offer& offer) {
  if (link_.peer() != nullptr && link_.peer()->knows_forwards()) link_.notice(forward::encode_notice(offer));
}

std::optional<keys::Revocation> SiteHub::revocation() const {
  std::optional<keys::Revocation> latest;
  for (const std::string& pin : own_.pins) {
    const keys::Revocation* const known = shared_.keys.book().revocation(pin);
    if (known == nullptr) return std::nullopt;
    if (!latest || known->when > latest->when) latest = *known;
  }
  return latest;
}

// Without the keys that are revoked; a site that has no other is not dialled.
link::Settings SiteHub::link_settings() const {
  link::Settings out{.pins = {}, .dial = own_.dial, .link = site_.link};
  for (const std::string& pin : own_.pins) {
    const keys::Revocation* const known = shared_.keys.book().revocation(pin);
    if (known == nullptr) {
      out.pins.push_back(pin);
      for (std::string& related : shared_.keys.book().family(pin))
        if (related != pin) out.kin.push_back(std::move(related));
    } else {
      out.revoked = "its key is revoked since " + time_text(known->when);
    }
  }
  if (out.pins.empty()) out.dial.clear();
  return out;
}

void SiteHub::retire() {
  enquiry_.stop();
  link_.retire();
}

void SiteHub::stop(const std::string& reason) {
  enquiry_.stop();
  link_.stop(reason);
}

std::optional<SiteHub::Refusal> SiteHub::refusal() const {
  if (const auto revoked = revocation())
    return Refusal{"4.7.1", "key revoked since " + time_text(revoked->when) +
                                "; pair again with a new key, or remove the " +
                                (site_.hubs.size() == 1 ? "site" : "hub")};
  if (!link_.takes_streams()) return Refusal{"4.4.1", link_.down_text()};
  if (link_.peer_drains()) return Refusal{"4.3.2", "the far relayd is shutting down"};
  const auto& far = notices_.far();
  if (!far) return Refusal{"4.4.1", "link up, but it has not yet said whether its MTA can be reached"};
  if (!far->reachable) return Refusal{"4.4.1", far_mta_text(far->cause)};
  return {};
}

// The time is worth more than the address, which is one of the far hub's own; log and status have both.
std::string SiteHub::far_mta_text(const std::string& cause) const {
  const std::string before = "its MTA cannot be reached (";
  const std::string behind = ") since " + base::time_of_day(notices_.far_since(), wall_now());
  const std::size_t other =
      smtp::make_reply(421, "4.4.1", site_.name + ": " + before + behind).summary().size();
  return before + smtp::shown_cause(cause.empty() ? "it gives no cause" : cause, other) + behind;
}

void SiteHub::noticed(std::string_view bytes) {
  if (keys::is_about_keys(bytes)) {
    if (const auto ok = keys_.heard(bytes); !ok) callbacks_.complaint(*this, ok.error().message);
    return;
  }
  if (link::is_about_processes(bytes)) {
    if (const auto ok = link_.heard(bytes); !ok) callbacks_.complaint(*this, ok.error().message);
    return;
  }
  if (link::is_about_version(bytes)) {
    auto version = link::decode_version_notice(bytes);
    if (!version) return callbacks_.complaint(*this, version.error().message);
    version_ = std::move(*version);
    return;
  }
  if (forward::is_about_services(bytes)) {
    auto offer = forward::decode_notice(bytes);
    if (!offer) return callbacks_.complaint(*this, offer.error().message);
    offered_.put(std::move(*offer), wall_now());
    return callbacks_.offered();
  }
  const bool was_away = notices_.far() && !notices_.far()->reachable;
  if (const auto ok = notices_.heard(bytes); !ok) return callbacks_.complaint(*this, ok.error().message);
  const mail::FarMta& mta = *notices_.far();
  if (!mta.reachable) return callbacks_.complaint(*this, "its MTA cannot be reached: " + mta.cause);
  if (was_away) callbacks_.relief(*this, "its MTA can be reached again");
}

}  // namespace tsmtp::net
