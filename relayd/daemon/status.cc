#include "relayd/daemon/status.h"

#include <algorithm>

#include "relayd/base/time_of_day.h"
#include "relayd/daemon/lacks.h"
#include "relayd/ledger/mail_in_doubt.h"
#include "relayd/link/report.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_options.h"
#include "relayd/smtp/extensions.h"

namespace tsmtp::daemon {
namespace {

control::Traffic traffic(const mail::Traffic::OneWay& t) {
  control::Traffic out{.counters = t.counters, .took = t.took, .last_ok = t.last_ok};
  if (t.last_refused)
    out.last_refused = {.when = t.last_refused_at,
                        .sender = t.last_refused->sender,
                        .recipient = t.last_refused->recipient,
                        .reply = t.last_refused->reply.summary(),
                        .advice = t.last_refused->advice};
  return out;
}

control::LinkState link_state(const net::SiteLink& link, bool draining) {
  if (link.open_connections() > 0)
    return draining || link.peer_drains() ? control::LinkState::kDraining : control::LinkState::kUp;
  const auto& lanes = link.life().lanes();
  const bool dials = lanes.front().search.dials() && !link::next_dial(lanes);
  return dials ? control::LinkState::kConnecting : control::LinkState::kDown;
}

base::WallTime wall_time_of(base::TimePoint past) {
  return net::wall_now() - std::chrono::duration_cast<base::WallTime::duration>(net::now() - past);
}

std::vector<std::string> lacks_of(const net::SiteLink& link) {
  const mux::Hello* const peer = link.peer();
  return link.open_connections() > 0 && peer != nullptr ? lacks(*peer) : std::vector<std::string>();
}

// Not while the link waits for a connection, though it may be the same one's then.
std::string version_of(const net::SiteHub& hub) {
  return hub.link().open_connections() > 0 ? hub.version() : std::string();
}

std::string far_mta(const std::optional<mail::FarMta>& mta) {
  if (!mta) return {};
  if (!mta->reachable) return "not reachable: " + mta->cause;
  std::string out = "reachable";
  for (const std::string& line : smtp::keyword_lines(mta->extensions))
    out += (out == "reachable" ? ", " : " ") + line;
  return out;
}

control::MtaConnections mta_connections(const net::MtaPool& pool) {
  const bool is_in_trouble = pool.mta() && !pool.mta()->reachable;
  return {.counts = pool.counts(),
          .limit = pool.limit(),
          .trouble = is_in_trouble ? pool.mta()->cause : std::string()};
}

control::SiteHubStatus hub_status(const net::SiteHub& hub, bool draining) {
  const net::SiteLink& link = hub.link();
  const auto refusal = hub.refusal();
  return {.name = hub.settings().name,
          .state = link_state(link, draining),
          .since = link.life().standing().since(),
          .cause = link.life().standing().cause(),
          .peer_address = link.peer_address(),
          .peer_version = version_of(hub),
          .lacks = lacks_of(link),
          .far_mta = far_mta(hub.far_mta()),
          .refusal = refusal                ? refusal->text
                     : hub.is_interrupted() ? link.down_text()
                                            : std::string(),
          .key = {},
          .mails_under_way = hub.mails_under_way(),
          .leaving_streams = link.leaving_streams()};
}

struct KnownKey {
  std::string key;
  std::vector<std::string> earlier;
};

KnownKey known_key(const net::SiteHub& hub, const keys::Book& book) {
  KnownKey known;
  for (const std::string& pin : hub.settings().pins) {
    if (book.revocation(pin) != nullptr) continue;
    auto pins = book.descent(pin);
    known.key = net::pin_text(pins.back());
    pins.pop_back();
    for (const std::string& earlier : pins)
      known.earlier.push_back(net::pin_text(earlier));
    if (!pins.empty()) break;  // of several pinned ones, that which has led to others
  }
  return known;
}

// The hub that lags behind most.
std::string own_key_text(const net::Site& site, const Rotation& rotation) {
  std::string out;
  if (rotation.own().keys().current->chain().steps.empty()) return out;
  for (const auto& hub : site.hubs().all()) {
    if (hub->revocation()) continue;
    const mux::Hello* const peer = hub->link().peer();
    if (rotation.has_confirmed(hub->shown_name())) {
      if (out.empty()) out = "confirmed";
    } else if (peer != nullptr && !peer->knows_rotation()) {
      return "left behind";
    } else {
      out = "awaited";
    }
  }
  return out;
}

std::vector<control::ForwardStatus> forwards(const net::Forwards& forwards) {
  std::vector<control::ForwardStatus> out;
  for (const auto& forward : forwards.all()) {
    const net::Forward::Counts counts = forward->counts();
    out.push_back({.service = forward->settings().service,
                   .listen = {},
                   .cause = forward->why_closed().value_or(""),
                   .since = forward->since(),
                   .waiting = forward->waiting(),
                   .connections = {.open = forward->open(),
                                   .total = counts.total,
                                   .refused = counts.refused,
                                   .to_service = counts.to_service,
                                   .from_service = counts.from_service}});
    for (const base::HostPort& address : forward->settings().listen)
      out.back().listen.push_back(address.to_string());
  }
  return out;
}

std::vector<control::ServiceStatus> services(const net::Services& services) {
  std::vector<control::ServiceStatus> out;
  for (const net::Services::Standing& one : services.standings())
    out.push_back({.service = one.service.name,
                   .to = one.service.to.to_string(),
                   .cause = one.offer.cause,
                   .since = one.since,
                   .waiting = one.waiting,
                   .connections = {.open = one.open,
                                   .total = one.counts.total,
                                   .refused = one.counts.refused,
                                   .to_service = one.counts.from_site,
                                   .from_service = one.counts.to_site}});
  return out;
}

}  // namespace

control::LedgerStatus ledger_status(const net::TransactionLedger& ledger) {
  control::LedgerStatus status;
  status.counters = ledger.counters();
  if (const auto& trouble = ledger.trouble()) {
    status.trouble = trouble->cause;
    status.since = trouble->since;
  }
  return status;
}

std::optional<control::SharingStatus> sharing_status(const net::SharedDoubts* shared,
                                                     const ledger::Doubts& doubts) {
  if (shared == nullptr) return std::nullopt;
  control::SharingStatus status{.trouble = {},
                                .since = {},
                                .goes_on_alone = shared->goes_on_alone(),
                                .alone = shared->alone(),
                                .tried_before = shared->tried_before(),
                                .of_others = ledger::foreign_recipients(doubts.table())};
  if (const auto& trouble = shared->trouble()) {
    status.trouble = trouble->cause;
    status.since = trouble->since;
  }
  return status;
}

control::SiteStatus site_status(const net::Site& site, bool draining) {
  const net::SiteHub& hub = site.hubs().for_mail();
  const net::SiteLink& link = hub.link();
  control::SiteStatus status;
  status.name = site.name();
  status.state = link_state(link, draining);
  status.since = link.life().standing().since();
  status.cause = link.life().standing().cause();
  if (const auto since = link::stands_still_since(link.life().lanes()))
    status.stands_still_since = wall_time_of(*since);
  if (const net::LinkConnection* connection = link.connection()) {
    status.peer_address = link.peer_address();
    status.dialled_through = link.dialled_through();
    status.peer_name = connection->peer_name();
    status.tls = connection->stream().description();
    status.key_updates = connection->stream().rekeyed();
    status.congestion = net::congestion_of(connection->stream().socket());
    status.compresses = link.compresses();
    if (const auto round_trip = connection->round_trip())
      status.round_trip = std::chrono::duration_cast<std::chrono::microseconds>(*round_trip);
  }
  for (const link::Dialling::Failure& failure : link::dial_failures(link.life().lanes()))
    status.dial_failures.push_back({failure.address, failure.when, failure.cause});
  for (const auto& endpoint : site.endpoints())
    status.endpoints.push_back(endpoint->address().to_string());
  status.far_mta = far_mta(hub.far_mta());
  status.mta = mta_connections(site.pool());
  status.out = traffic(site.traffic().out());
  status.in = traffic(site.traffic().in());
  for (const auto& one : site.hubs().all())
    status.hubs.push_back(hub_status(*one, draining));
  status.forwards = forwards(site.forwards());
  status.services = services(site.services());
  status.open_transactions = site.in_flight();
  if (status.open_transactions > 0) status.oldest_open = wall_time_of(site.oldest_in_flight(net::now()));
  status.counters = link.counters();
  status.connections = link.open_connections();
  status.links_up_total = link.life().times_up();
  status.leaving_streams = link.leaving_streams();
  status.next_dial = link::next_dial(link.life().lanes());
  status.peer_version = version_of(hub);
  status.is_older = !lacks_of(link).empty();
  const auto& hubs = site.hubs().all();
  const auto is_revoked = [](const auto& one) { return one->revocation().has_value(); };
  if (std::all_of(hubs.begin(), hubs.end(), is_revoked))
    status.revoked = base::wall_time(hubs.front()->revocation()->when);
  return status;
}

void show_doubts(std::vector<control::SiteStatus>& sites, const ledger::Doubts& doubts) {
  const auto in_doubt = ledger::sites_in_doubt(doubts.table());
  for (control::SiteStatus& site : sites) {
    const auto found = in_doubt.find(site.name);
    if (found == in_doubt.end()) continue;
    site.in_doubt = found->second.mails;
    site.oldest_doubt = found->second.oldest;
  }
}

void show_keys(control::SiteStatus& status, const net::Site& site, const keys::Book& book,
               const Rotation& rotation) {
  status.own_key = own_key_text(site, rotation);
  KnownKey known = known_key(site.hubs().for_mail(), book);
  status.key = std::move(known.key);
  status.earlier_keys = std::move(known.earlier);
  for (std::size_t i = 0; i < status.hubs.size(); ++i)
    status.hubs[i].key = known_key(*site.hubs().all()[i], book).key;
}

}  // namespace tsmtp::daemon
