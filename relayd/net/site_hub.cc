#include "relayd/net/site_hub.h"

#include <utility>

#include "relayd/base/time_of_day.h"
#include "relayd/forward/service.h"
#include "relayd/mail/service.h"
#include "relayd/net/io/clocks.h"
#include "relayd/smtp/shown_cause.h"

namespace tsmtp::net {
namespace {

std::string time_text(std::int64_t seconds) {
  return base::time_of_day(base::wall_time(seconds), wall_now());
}

}  // namespace

SiteHub::SiteHub(const SharedBySites& shared, const settings::Site& settings, Callbacks callbacks)
    : settings_(settings),
      callbacks_(std::move(callbacks)),
      shared_(shared),
      link_(shared, settings.name, link_settings(),
            SiteLink::Callbacks{
                .accept_stream = {{mail::kService, lifetime_.guard([this](mux::StreamKey stream) {
                                     return callbacks_.accept_mail(*this, stream);
                                   })},
                                  {forward::kService, lifetime_.guard([this](mux::StreamKey stream) {
                                     return callbacks_.accept_forward(*this, stream);
                                   })}},
                .up = lifetime_.guard([this] {
                  enquiry_.link_up();
                  notices_.link_up(callbacks_.own_mta());
                  keys_.announce();
                  for (const forward::Offer& one : callbacks_.offers())
                    offer(one);
                }),
                .down = lifetime_.guard([this] {
                  notices_.link_down();
                  callbacks_.offered({});
                }),
                .noticed = lifetime_.guard([this](std::string_view bytes) { noticed(bytes); }),
                .standing_changed = lifetime_.guard([this] { callbacks_.standing_changed(); })}),
      enquiry_(shared, link_, settings.name),
      notices_(shared.executor, link_),
      keys_(shared, link_) {}

SiteHub::~SiteHub() {
  stop("closing");
  lifetime_.end();
}

void SiteHub::reconfigure() {
  link_.rename(settings_.name);
  link_.reconfigure(link_settings());
}

void SiteHub::offer(const forward::Offer& offer) {
  if (link_.peer() != nullptr && link_.peer()->knows_forwards()) link_.notice(forward::encode_notice(offer));
}

std::optional<keys::Revocation> SiteHub::revocation() const {
  std::optional<keys::Revocation> latest;
  for (const std::string& pin : settings_.hubs.front().pins) {
    const keys::Revocation* const known = shared_.keys.book().revocation(pin);
    if (known == nullptr) return std::nullopt;
    if (!latest || known->when > latest->when) latest = *known;
  }
  return latest;
}

// Without the keys that are revoked; a site that has no other is not dialled.
link::Settings SiteHub::link_settings() const {
  link::Settings out{.pins = {}, .dial = settings_.hubs.front().dial, .link = settings_.link};
  for (const std::string& pin : settings_.hubs.front().pins) {
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

std::optional<smtp::Reply> SiteHub::refusal() const {
  if (const auto revoked = revocation())
    return reply_421("4.7.1", "key revoked since " + time_text(revoked->when) +
                                  "; pair again with a new key, or remove the site");
  if (!link_.takes_streams()) return reply_421("4.4.1", link_.down_text());
  if (link_.peer_drains()) return reply_421("4.3.2", "the far relayd is shutting down");
  const auto& far = notices_.far();
  if (!far) return reply_421("4.4.1", "link up, but it has not yet said whether its MTA can be reached");
  if (!far->reachable) return reply_421("4.4.1", far_mta_text(far->cause));
  return {};
}

// The time is worth more than the address, which is one of the far hub's own; log and status have both.
std::string SiteHub::far_mta_text(const std::string& cause) const {
  const std::string before = "its MTA cannot be reached (";
  const std::string behind = ") since " + base::time_of_day(notices_.far_since(), wall_now());
  const std::size_t other = reply_421("4.4.1", before + behind).summary().size();
  return before + smtp::shown_cause(cause.empty() ? "it gives no cause" : cause, other) + behind;
}

smtp::Reply SiteHub::reply_421(std::string_view enhanced, const std::string& text) const {
  return smtp::make_reply(421, enhanced, settings_.name + ": " + text);
}

void SiteHub::noticed(std::string_view bytes) {
  if (keys::is_about_keys(bytes)) {
    if (const auto ok = keys_.heard(bytes); !ok) callbacks_.complaint(ok.error().message);
    return;
  }
  if (forward::is_about_services(bytes)) {
    auto offer = forward::decode_notice(bytes);
    return offer ? callbacks_.offered(std::move(*offer)) : callbacks_.complaint(offer.error().message);
  }
  const bool was_away = notices_.far() && !notices_.far()->reachable;
  if (const auto ok = notices_.heard(bytes); !ok) return callbacks_.complaint(ok.error().message);
  const mail::FarMta& mta = *notices_.far();
  if (!mta.reachable) return callbacks_.complaint("its MTA cannot be reached: " + mta.cause);
  if (was_away) callbacks_.relief("its MTA can be reached again");
}

}  // namespace tsmtp::net
