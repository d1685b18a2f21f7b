#include "relayd/net/forward/forwards.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "relayd/base/time_of_day.h"
#include "relayd/net/io/clocks.h"

namespace tsmtp::net {

Forwards::Forwards(const SharedByForwards& shared, const settings::Site& site, DataConnections& data,
                   std::function<std::vector<Way>()> ways)
    : shared_(shared), site_(site), data_(data), ways_(std::move(ways)) {}

base::Result<Forwards::Ports> Forwards::bind(const settings::Site& settings, const Ports& bound,
                                             const Means& means) {
  Ports fresh;
  for (const settings::Forward& forward : settings.forwards) {
    const SocketAccess access{
        .mode = forward.access.socket_mode, .group = forward.access.socket_group, .owner = means.owner};
    for (const base::HostPort& address : forward.listen) {
      const auto is_there = [&](const auto& port) { return port->address() == address; };
      if (std::any_of(bound.begin(), bound.end(), is_there)) continue;
      auto port = ForwardPort::bind(address, access, means.executor, means.shortages,
                                    means.held != nullptr ? means.held->take(address) : base::Descriptor());
      if (!port) return base::with_context("forward to " + forward.service, port.error());
      fresh.push_back(std::move(*port));
    }
  }
  return base::Result<Ports>(std::move(fresh));
}

void Forwards::settings_changed(const Ports& fresh) {
  const auto is_wanted = [&](const auto& forward) {
    return std::any_of(site_.forwards.begin(), site_.forwards.end(), [&](const settings::Forward& wanted) {
      return wanted.service == forward->settings().service;
    });
  };
  for (const auto& forward : all_)
    if (!is_wanted(forward)) forward->end_all("the forward is no longer configured");
  std::erase_if(all_, [&](const auto& forward) { return !is_wanted(forward); });
  for (const settings::Forward& wanted : site_.forwards) {
    auto found = std::find_if(all_.begin(), all_.end(), [&](const auto& forward) {
      return forward->settings().service == wanted.service;
    });
    if (found == all_.end())
      found = all_.insert(all_.end(), std::make_unique<Forward>(shared_, wanted, means_for(wanted.service)));
    (*found)->update(wanted, fresh);
  }
  link_changed();
}

std::shared_ptr<ForwardPort> Forwards::give_up(const base::HostPort& address) {
  for (const auto& forward : all_)
    if (auto port = forward->give_up(address)) return port;
  return nullptr;
}

Forwards::Ports Forwards::ports() const {
  Ports ports;
  for (const auto& forward : all_)
    ports.insert(ports.end(), forward->ports().begin(), forward->ports().end());
  return ports;
}

void Forwards::link_changed() {
  for (const auto& forward : all_) {
    const std::string& service = forward->settings().service;
    const Way way = way_to(service);
    const auto* const known = way.offers.find(service);
    if (known != nullptr && known->offer.state == forward::Offer::State::kAnswers)
      forward->set_parameter(known->offer.parameter);
    Standing standing = standing_of(service, way);
    forward->set_standing(std::move(standing.why_closed), standing.news);
  }
}

void Forwards::suspend() {
  for (const auto& forward : all_)
    for (const auto& port : forward->ports())
      port->suspend();
}

void Forwards::resume() {
  for (const auto& forward : all_)
    forward->resume();
}

void Forwards::tick() {
  for (const auto& forward : all_)
    forward->tick();
}

Forwards::Way Forwards::way_to(const std::string& service) const {
  const std::vector<Way> ways = ways_();
  const auto leads_there = [&](const Way& way) { return !standing_of(service, way).why_closed; };
  const auto found = std::find_if(ways.begin(), ways.end(), leads_there);
  return found == ways.end() ? ways.front() : *found;
}

Forwards::Standing Forwards::standing_of(const std::string& service, const Way& way) const {
  using News = Forward::News;
  const SiteLink& link = way.link;
  if (draining_) return {"this relayd is shutting down", News::kNone};
  if (!link.takes_streams()) return {link.down_text(), News::kNone};
  if (link.peer_drains()) return {"the far relayd is shutting down", News::kNone};
  if (link.peer() != nullptr && !link.peer()->knows_forwards())
    return {"the far relayd is too old to know of services", News::kNow};
  const auto* const known = way.offers.find(service);
  if (known == nullptr) return {"the far hub offers no such service to this site", News::kSoon};
  if (known->offer.state == forward::Offer::State::kAnswers) return {};
  return {"the service does not answer there since " + base::time_of_day(known->since, wall_now()) + " (" +
              known->offer.cause + ")",
          known->offer.cause == forward::kNotTried ? News::kSoon : News::kNow};
}

Forward::Means Forwards::means_for(const std::string& service) {
  return {.link = [this, service]() -> SiteLink& { return way_to(service).link; },
          .parameter =
              [this, service] {
                const auto* const known = way_to(service).offers.find(service);
                return known == nullptr ? std::string() : known->offer.parameter;
              },
          .data = data_};
}

void Forwards::drain() {
  draining_ = true;
  link_changed();
}

void Forwards::stop(const std::string& reason) {
  for (const auto& forward : all_)
    forward->end_all(reason);
}

std::size_t Forwards::open() const {
  return std::accumulate(all_.begin(), all_.end(), std::size_t{0},
                         [](std::size_t sum, const auto& forward) { return sum + forward->open(); });
}

}  // namespace tsmtp::net
