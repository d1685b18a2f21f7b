#include "relayd/daemon/rotation.h"

#include <sysexits.h>

#include <algorithm>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/control/request.h"
#include "relayd/control/rotate_request.h"
#include "relayd/daemon/rotation_texts.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::daemon {
namespace {

using base::LogLevel;

constexpr std::chrono::hours kGrace{30 * 24};

}  // namespace

Rotation::Rotation(HubKeys& known, base::Logger& log, Host host)
    : known_(known), log_(log), host_(std::move(host)), clock_(net::wall_now(), net::now()) {}

base::Result<void> Rotation::load(const settings::Hub& hub, const std::optional<net::Owner>& owner,
                                  const std::string& lent) {
  auto own = OwnKey::load(hub, owner);
  if (!own && !lent.empty()) own = OwnKey::parse(hub, lent);
  if (!own) return own.error();
  own_ = std::make_unique<OwnKey>(std::move(*own));
  return {};
}

std::string Rotation::rotate(std::string_view asked) {
  const auto request = control::parse_rotate(asked);
  if (!request) return control::reply_error(request.error().message, EX_USAGE);
  if (request->is_compromised) return replace_compromised(request->says_yes);
  const auto sites = host_.sites();
  const keys::Rotating plan = keys::plan_rotation(sites, own().keys().current->chain(), known_.crypto());
  const std::chrono::seconds grace = request->grace.value_or(kGrace);
  const std::string against = objection_to(plan, grace);
  if (!against.empty() && !request->says_yes)
    return control::reply_error("not rotated: " + against + "; if that is meant: relayctl rotate --yes",
                                EX_USAGE);
  const std::string before = own().pin();
  const base::WallTime wall = net::wall_now();
  clock_.look(wall, net::now());
  if (const auto ok = become_new(grace, wall); !ok)
    return control::reply_error("not rotated, the key is the one of before: " + ok.error().message,
                                EX_CANTCREAT);
  return control::reply_ok(rotated_text({.before = before,
                                         .after = own().pin(),
                                         .sites = sites,
                                         .grace = grace,
                                         .retires = base::wall_time(own().keys().retires),
                                         .now = wall}));
}

base::Result<void> Rotation::become_new(std::chrono::seconds grace, base::WallTime wall) {
  const std::string before = own().pin();
  if (auto ok = own_->rotate(wall, grace); !ok) {
    log_.log(LogLevel::kError, "our key is not rotated: " + ok.error().message);
    return ok;
  }
  clock_.replaced(own().keys().retires);
  trouble_.clear();
  log_.log(LogLevel::kInfo, "our key is " + net::pin_text(own().pin()) + " now, signed by the one before, " +
                                net::pin_text(before));
  host_.changed();
  return {};
}

std::string Rotation::replace_compromised(bool says_yes) {
  const auto sites = host_.sites();
  if (!says_yes) return control::reply_error(before_compromised_text(sites), EX_USAGE);
  const std::string before = own().pin();
  if (const auto ok = own_->replace(); !ok)
    return control::reply_error("not replaced, the key is the one of before: " + ok.error().message,
                                EX_CANTCREAT);
  trouble_.clear();
  log_.log(LogLevel::kWarning, "our key was compromised, and is replaced by " + net::pin_text(own().pin()) +
                                   ", to which no step leads from " + net::pin_text(before) +
                                   ": every site has to pair again");
  host_.changed();
  return control::reply_ok(compromised_text(before, own().pin(), sites));
}

void Rotation::tend(std::chrono::seconds every, base::WallTime wall, base::TimePoint now) {
  clock_.look(wall, now);
  known_.write_if_due();
  if (own().keys().earlier && (have_all_confirmed() || clock_.is_over(own().keys().retires))) retire();
  if (clock_.is_due(own().keys().current->made(), every)) rotate_by_itself(wall);
}

void Rotation::rotate_by_itself(base::WallTime wall) {
  clock_.put_off();
  const auto sites = host_.sites();
  const keys::Rotating plan = keys::plan_rotation(sites, own().keys().current->chain(), known_.crypto());
  trouble_ = objection_to(plan, kGrace);
  if (trouble_.empty()) {
    if (const auto ok = become_new(kGrace, wall); !ok) trouble_ = ok.error().message;
    return;
  }
  log_.log(LogLevel::kWarning, "hub.rotate_every: our key is not rotated: " + trouble_ +
                                   "; it is tried again in a day, or by relayctl rotate --yes");
}

void Rotation::retire() {
  const std::string pin = net::pin_text(own().keys().earlier->pin());
  const bool have_confirmed = have_all_confirmed();
  if (const auto ok = own_->retire_earlier(); !ok) return;  // the next time, when there is room
  log_.log(LogLevel::kInfo,
           "our earlier key " + pin + " is retired: " +
               (have_confirmed ? "all sites have confirmed the new one" : "its time is over"));
  host_.changed();
}

void Rotation::learn(const std::string& site, const keys::Shown& shown) {
  known_.learn(site, shown, net::wall_now());
}

bool Rotation::has_confirmed(const std::string& site) const {
  const keys::Confirmation* const known = known_.known().book().confirmation(site);
  return known != nullptr && known->pin == own().pin();
}

// Only forward: a site that says one thing and another would have us write for ever.
void Rotation::confirmed(const std::string& site, const std::string& pin) {
  const auto& ours = own().pins();
  const auto said = std::find(ours.begin(), ours.end(), pin);
  const keys::Confirmation* const before = known_.known().book().confirmation(site);
  const auto known = before == nullptr ? ours.end() : std::find(ours.begin(), ours.end(), before->pin);
  if (said == ours.end() || (known != ours.end() && said <= known)) return;
  known_.confirm(site, pin, net::wall_now());
  log_.log(LogLevel::kInfo, base::escaped(site) + ": has confirmed our key " + net::pin_text(pin));
  // Another relayd of this hub may have a later key on the disk, which ours would replace.
  if (host_.may_change && !host_.may_change()) return;
  if (own().keys().earlier && have_all_confirmed()) retire();
}

bool Rotation::have_all_confirmed() const {
  const auto sites = host_.sites();
  return std::all_of(sites.begin(), sites.end(), [&](const auto& each) { return has_confirmed(each.site); });
}

control::OwnKeyStatus Rotation::status() const {
  const net::OwnKeys& keys = own().keys();
  control::OwnKeyStatus out;
  out.made = base::wall_time(keys.current->made());
  out.trouble = trouble_;
  if (!keys.current->chain().steps.empty()) out.rotations = keys.current->chain().steps.back().serial;
  if (keys.earlier) {
    out.earlier = net::pin_text(keys.earlier->pin());
    out.earlier_until = base::wall_time(keys.retires);
  }
  if (out.rotations == 0) return out;
  for (const keys::Following& each : host_.sites())
    if (!has_confirmed(each.site)) out.awaited.push_back(each.site);
  return out;
}

}  // namespace tsmtp::daemon
