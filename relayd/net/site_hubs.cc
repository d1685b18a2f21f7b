#include "relayd/net/site_hubs.h"

#include <algorithm>
#include <map>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/base/time_of_day.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {
namespace {

// Of a reply that names several hubs: a line of SMTP has 512 bytes.
constexpr std::size_t kMaxCausesBytes = 360;
// Whether another hub takes mail by now.
constexpr std::chrono::milliseconds kLookAgain{250};

bool shares_a_pin(const settings::SiteHub& one, const settings::SiteHub& other) {
  return std::any_of(one.pins.begin(), one.pins.end(), [&](const std::string& pin) {
    return std::find(other.pins.begin(), other.pins.end(), pin) != other.pins.end();
  });
}

bool takes_mail(const std::unique_ptr<SiteHub>& hub) {
  return !hub->refusal() && !hub->is_interrupted();
}

}  // namespace

SiteHubs::SiteHubs(const SharedBySites& shared, const settings::Site& site, SiteHub::Callbacks callbacks,
                   std::function<void(SiteHub&)> go_on_without)
    : shared_(shared),
      site_(site),
      callbacks_(std::move(callbacks)),
      go_on_without_(std::move(go_on_without)),
      timer_(shared.executor) {
  callbacks_.may_be_asked = [this](const SiteHub& hub, const ledger::DoubtPlace& place) {
    return may_be_asked(hub, place);
  };
  callbacks_.went = [this](const SiteHub& hub, const std::string& id) { return went(hub, id); };
  for (const settings::SiteHub& own : site_.hubs)
    all_.push_back(make(own));
}

std::unique_ptr<SiteHub> SiteHubs::make(const settings::SiteHub& own) {
  return std::make_unique<SiteHub>(shared_, site_, own, callbacks_);
}

// A doubt of when there was one hub could later be taken for one of whichever is the only one then.
void SiteHubs::name_in_doubts() {
  if (site_.is_one_hub()) return;
  std::map<std::string, std::string> hub_of_pin;
  for (const settings::SiteHub& hub : site_.hubs)
    for (const std::string& pin : hub.pins) {
      hub_of_pin[pin] = hub.name;
      for (const std::string& related : shared_.keys.book().family(pin))
        hub_of_pin[related] = hub.name;
    }
  shared_.ledger.name_hubs(site_.name, hub_of_pin);
}

void SiteHubs::start() {
  started_ = true;
  name_in_doubts();
  for (const auto& hub : all_)
    hub->start();
}

// By the name, and where that is gone by a key: a hub is its key (P7).
void SiteHubs::settings_changed() {
  All before = std::exchange(all_, {});
  All all;
  const auto is_wanted = [&](const std::string& name) {
    return std::any_of(site_.hubs.begin(), site_.hubs.end(),
                       [&](const settings::SiteHub& wanted) { return wanted.name == name; });
  };
  const auto take = [&](const auto& is_it) -> std::unique_ptr<SiteHub> {
    const auto found =
        std::find_if(before.begin(), before.end(), [&](const auto& hub) { return hub && is_it(*hub); });
    return found == before.end() ? nullptr : std::move(*found);
  };
  for (const settings::SiteHub& wanted : site_.hubs) {
    auto known = take([&](const SiteHub& hub) { return hub.settings().name == wanted.name; });
    if (!known)
      known = take([&](const SiteHub& hub) {
        return !is_wanted(hub.settings().name) && shares_a_pin(hub.settings(), wanted);
      });
    all.push_back(std::move(known));
  }
  std::vector<SiteHub*> fresh;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i]) continue;
    all[i] = make(site_.hubs[i]);
    fresh.push_back(all[i].get());
  }
  // From here on a mail whose hub goes may be given to another.
  all_ = std::move(all);
  for (auto& hub : before) {
    if (!hub) continue;
    removed_.push_back(std::move(hub));
    shared_.log.log(base::LogLevel::kInfo, site_.name + '/' + removed_.back()->settings().name +
                                               ": is no longer configured; its link is closed");
    removed_.back()->retire();
  }
  for (std::size_t i = 0; i < all_.size(); ++i)
    all_[i]->reconfigure(site_.hubs[i]);
  if (started_) name_in_doubts();
  for (SiteHub* const hub : fresh)
    if (started_) hub->start();
}

std::vector<mail::HubStanding> SiteHubs::standings(const std::optional<smtp::Extensions>& announced) const {
  std::vector<mail::HubStanding> out;
  for (const auto& hub : all_) {
    out.push_back(hub->standing());
    out.back().offers_enough =
        !announced || (hub->far_mta() && mail::offers_all(hub->far_mta()->extensions, *announced));
  }
  return out;
}

SiteHub& SiteHubs::for_mail(const std::optional<smtp::Extensions>& announced) const {
  if (!are_several()) return *all_.front();
  return *all_[mail::choose_hub(standings(announced), site_.prefer)];
}

bool SiteHubs::has_other_than(const SiteHub& hub, const smtp::Extensions& announced) const {
  if (!are_several()) return false;
  const auto standings = this->standings(announced);
  const std::size_t best = mail::choose_hub(standings, site_.prefer);
  return all_[best].get() != &hub && standings[best].offers_enough &&
         standings[best].state == mail::HubStanding::State::kTakesMail;
}

smtp::Extensions SiteHubs::offered() const {
  const bool any_takes_mail = std::any_of(all_.begin(), all_.end(), takes_mail);
  std::optional<smtp::Extensions> out;
  for (const auto& hub : all_) {
    if (!hub->far_mta() || (any_takes_mail && !takes_mail(hub))) continue;
    const smtp::Extensions& its = hub->far_mta()->extensions;
    out = out ? mail::offered_by_both(*out, its) : its;
  }
  return out.value_or(smtp::Extensions{});
}

bool SiteHubs::is_interrupted() const {
  return std::none_of(all_.begin(), all_.end(), takes_mail) &&
         std::any_of(all_.begin(), all_.end(), [](const auto& hub) { return hub->is_interrupted(); });
}

// The links of a site count as one: only when none is of use is its mail refused. Empty: one is.
std::vector<SiteHub::Refusal> SiteHubs::refusals() const {
  std::vector<SiteHub::Refusal> refusals;
  for (const auto& hub : all_) {
    auto one = hub->refusal();
    if (!one) return {};
    refusals.push_back(std::move(*one));
  }
  return refusals;
}

std::optional<smtp::Reply> SiteHubs::refusal() const {
  const std::vector<SiteHub::Refusal> refusals = this->refusals();
  if (refusals.empty()) return {};
  const bool all_say_so = std::all_of(refusals.begin(), refusals.end(), [&](const SiteHub::Refusal& one) {
    return one.enhanced == refusals.front().enhanced;
  });
  return smtp::make_reply(421, all_say_so ? refusals.front().enhanced : "4.4.1",
                          site_.name + ": " + why_not(refusals));
}

std::string SiteHubs::why_not(const std::vector<SiteHub::Refusal>& refusals) const {
  if (!are_several()) return refusals.front().text;
  std::string out;
  const std::size_t share = kMaxCausesBytes / refusals.size();
  for (std::size_t i = 0; i < refusals.size(); ++i) {
    std::string one = all_[i]->settings().name + ": " + refusals[i].text;
    if (one.size() > share) one = one.substr(0, share - 3) + "...";
    out += (i == 0 ? "" : "; ") + one;
  }
  return out;
}

std::string SiteHubs::cause_of(const SiteHub& hub, const std::string& cause) const {
  if (!are_several()) return cause;
  const std::vector<SiteHub::Refusal> refusals = this->refusals();
  return refusals.empty() ? hub.settings().name + ": " + cause : why_not(refusals);
}

// Where it was the only one, whatever it is called and whatever key it has now, it is today's only one.
bool SiteHubs::had(const SiteHub& hub, const ledger::DoubtPlace& place) const {
  return hub.has_key(place.pin) || (place.hub.empty() && site_.is_one_hub());
}

bool SiteHubs::may_be_asked(const SiteHub& hub, const ledger::DoubtPlace& place) const {
  const mux::Hello* const peer = hub.link().peer();
  return had(hub, place) || (place.is_shared && peer != nullptr && peer->shares_outcomes());
}

base::Result<SiteHub*> SiteHubs::of_doubt(const std::string& transaction, SiteHub& preferred) const {
  const auto place = shared_.ledger.place_of(transaction);
  if (!place || may_be_asked(preferred, *place)) return &preferred;
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const auto& hub) { return had(*hub, *place); });
  const std::string earlier = "in doubt at hub ";
  if (found == all_.end())
    return base::Error{earlier + (place->hub.empty() ? "with another key" : place->hub) +
                       ", which is no longer configured; see relayctl doubts"};
  SiteHub& hub = **found;
  const std::string name = earlier + hub.settings().name + ": ";
  if (hub.link().open_connections() == 0) return base::Error{name + hub.link().down_text()};
  if (hub.link().peer_drains()) return base::Error{name + "its relayd is shutting down"};
  if (!answers_enquiries(hub.link())) return base::Error{name + "its relayd is too old"};
  return &hub;
}

mail::Ask::Went SiteHubs::went(const SiteHub& hub, const std::string& transaction) const {
  using Went = mail::Ask::Went;
  const auto place = shared_.ledger.place_of(transaction);
  const mux::Hello* const peer = hub.link().peer();
  if (!place || peer == nullptr || !peer->knows_reasons()) return Went::kUnsaid;
  return had(hub, *place) ? Went::kToThisOne : Went::kToAnother;
}

SiteHub* SiteHubs::of_pin(const std::string& pin) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const auto& hub) { return hub->link().has_pin(pin); });
  return found == all_.end() ? nullptr : found->get();
}

// Without another that takes mail, a mail under way waits as it would with one hub: the link may be resumed.
void SiteHubs::look_after_absent() {
  timer_.cancel();
  if (!are_several()) return;
  std::optional<base::TimePoint> next;
  for (const auto& hub : all_) {
    const auto since = hub->away_since();
    if (!since) continue;
    const auto standings = this->standings({});
    const bool another_takes_mail = std::any_of(standings.begin(), standings.end(), [](const auto& one) {
      return one.state == mail::HubStanding::State::kTakesMail;
    });
    if (now() >= *since + kGrace && another_takes_mail) {
      go_on_without_(*hub);
    } else {
      const base::TimePoint look = std::max(*since + kGrace, now() + kLookAgain);
      next = next ? std::min(*next, look) : look;
    }
  }
  if (!next) return;
  timer_.expires_at(*next);
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (!error) look_after_absent();
  }));
}

}  // namespace tsmtp::net
