#include "relayd/net/site_succession.h"

#include <algorithm>
#include <utility>

namespace tsmtp::net {

std::vector<HeldEndpoints::Listening> SiteSuccession::listening() const {
  std::vector<HeldEndpoints::Listening> all;
  for (const auto& endpoint : site_.endpoints)
    all.push_back({endpoint->address(), endpoint->descriptor()});
  for (const auto& port : site_.forwards.ports())
    if (port->descriptor() >= 0) all.push_back({port->address(), port->descriptor()});
  return all;
}

void SiteSuccession::suspend() {
  for (const auto& endpoint : site_.endpoints)
    endpoint->suspend();
  site_.forwards.suspend();
}

void SiteSuccession::resume() {
  for (const auto& endpoint : site_.endpoints)
    endpoint->resume();
  site_.forwards.resume();
}

std::vector<std::string> SiteSuccession::hubs_in_touch() const {
  std::vector<std::string> names;
  for (const auto& hub : site_.hubs.all())
    if (hub->is_in_touch()) names.push_back(hub->shown_name());
  return names;
}

void SiteSuccession::has_successor() {
  for (const auto& hub : site_.hubs.all())
    hub->has_successor();
}

void SiteSuccession::has_no_successor() {
  for (const auto& hub : site_.hubs.all())
    hub->has_no_successor();
}

void SiteSuccession::predecessor_gone() {
  for (const auto& hub : site_.hubs.all())
    hub->predecessor_gone();
}

// All endpoints are one to a client but for their addresses, which are of use to find the site.
void SiteSuccession::give_sessions_to(const Taker& taker) {
  if (!taker || site_.endpoints.empty()) return site_.intakes.give_away_to(nullptr);
  site_.intakes.give_away_to(
      [taker, at = site_.endpoints.front()->address()](const RestingSession& session, int socket) {
        return taker(at, session, socket);
      });
}

void SiteSuccession::go_on_with(const RestingSession& session, base::Descriptor socket) {
  site_.intakes.go_on_with(std::move(socket), session);
}

bool SiteSuccession::is_idle() const {
  // A process of the far hub's that is being replaced, too, has no other link to us than this one.
  const auto& hubs = site_.hubs.all();
  const bool is_left_alone = std::none_of(
      hubs.begin(), hubs.end(), [](const auto& hub) { return hub->link().leaving_streams().has_value(); });
  return is_left_alone && site_.intakes.size() == 0 && !site_.intakes.holds_any() &&
         site_.deliveries.under_way() == 0 && site_.services.open() == 0 && site_.forwards.open() == 0;
}

}  // namespace tsmtp::net
