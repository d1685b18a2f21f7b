#include "relayd/net/forward/services.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/forward/x11/cookie_replacement.h"
#include "relayd/net/forward/authority_files.h"
#include "relayd/net/io/clocks.h"
#include "relayd/net/tls/hmac_digest.h"

namespace tsmtp::net {
namespace {

// The same where there is no such service and where the site may not reach it: what else is here is nobody's
// business.
constexpr char kNoService[] = "no such service for this site";
constexpr char kNotOpen[] = "the service is no longer open to this site";

// What a change of ends no connection.
bool is_same_service(const settings::Service& a, const settings::Service& b) {
  return a.to == b.to && a.protocol == b.protocol && a.source == b.source;
}

}  // namespace

Services::Services(const SharedByForwards& shared, const settings::Site& site, DataConnections& data,
                   std::function<void(const forward::Offer&)> tell)
    : shared_(shared), site_(site), data_(data), tell_(std::move(tell)) {}

void Services::settings_changed() {
  const auto is_wanted = [&](const std::string& name) {
    return std::any_of(site_.services.begin(), site_.services.end(),
                       [&](const settings::Service& wanted) { return wanted.name == name; });
  };
  std::vector<std::string> gone;
  for (const auto& [name, served] : served_)
    if (!is_wanted(name)) gone.push_back(name);
  for (const std::string& name : gone)
    withdraw(name);
  for (const settings::Service& service : site_.services)
    serve(service);
}

void Services::serve(const settings::Service& service) {
  Served& served = served_[service.name];
  served.from_site.set_rate(service.rates.from_site);
  served.to_site.set_rate(service.rates.to_site);
  const bool is_known = served.probe && is_same_service(served.settings, service);
  served.settings = service;
  if (is_known) return;
  served.since = wall_now();
  served.cookie =
      service.protocol == settings::Protocol::kX11 ? random_bytes(forward::x11::kCookieBytes) : std::string();
  served.probe = std::make_unique<ServiceProbe>(
      shared_.executor, target_of(service), lifetime_.guard([this, name = service.name] { probed(name); }));
  served.probe->start();
}

void Services::withdraw(const std::string& service) {
  for (const auto& connection : std::set(connections_))
    if (connection->service() == service) connection->end(kNotOpen);
  data_.end_all(service, kNotOpen);
  served_.erase(service);
  tell_({.service = service, .state = forward::Offer::State::kWithdrawn});
}

MtaTarget Services::target_of(const settings::Service& service) const {
  const bool tells = service.source == settings::ServiceSource::kProxyProtocol;
  return {.address = service.to,
          .source = site_.address,
          .origin = tells ? settings::Origin::kProxy : settings::Origin::kNone,
          .origin_name = {}};
}

void Services::probed(const std::string& service) {
  Served& served = served_.at(service);
  served.since = wall_now();
  const forward::Offer offer = offer_of(served);
  tell_(offer);
  const bool answers = offer.state == forward::Offer::State::kAnswers;
  shared_.log.log_provoked(base::Provoked::kMta, site_.name,
                           answers ? base::LogLevel::kInfo : base::LogLevel::kWarning,
                           site_.name + ": service " + service + " at " + served.settings.to.to_string() +
                               (answers ? " answers" : " does not answer: " + offer.cause));
}

std::string Services::parameter_of(const Served& served) {
  switch (served.settings.protocol) {
    case settings::Protocol::kFtp:
      return std::string(forward::ftp::kOfferParameter);
    case settings::Protocol::kX11:
      return served.cookie;
    case settings::Protocol::kTcp:
      return {};
  }
  return {};
}

forward::Offer Services::offer_of(const Served& served) const {
  const bool answers = served.probe->answers().value_or(false);
  return {.service = served.settings.name,
          .state = answers ? forward::Offer::State::kAnswers : forward::Offer::State::kSilent,
          .cause = answers                   ? ""
                   : served.probe->answers() ? served.probe->cause()
                                             : forward::kNotTried,
          .parameter = parameter_of(served)};
}

std::vector<forward::Offer> Services::offers() const {
  std::vector<forward::Offer> all;
  for (const auto& [name, served] : served_)
    all.push_back(offer_of(served));
  return all;
}

void Services::add_open(std::vector<forward::Summary>& to) const {
  for (const auto& connection : connections_)
    if (connection->is_open()) to.push_back(connection->so_far());
}

StreamUser* Services::accept(SiteLink& link, mux::StreamKey stream) {
  if (draining_) return nullptr;
  auto connection = std::make_shared<FarConnection>(
      shared_.executor, link, stream,
      FarConnection::Callbacks{
          .requested = lifetime_.guard(
              [this](FarConnection& asking, const forward::Request& request) { requested(asking, request); }),
          .reached = lifetime_.guard(
              [this](FarConnection& one, const base::Result<void>& how) { reached(one, how); }),
          .ended = lifetime_.guard([this](const forward::Summary& summary) { ended(summary); }),
          .gone = lifetime_.guard([this](FarConnection& gone) {
            boost::asio::post(shared_.executor, lifetime_.guard([this, self = gone.shared_from_this()] {
              connections_.erase(self);
            }));
          })});
  connections_.insert(connection);
  return connection.get();
}

void Services::requested(FarConnection& connection, const forward::Request& request) {
  if (request.kind == forward::Request::Kind::kData) return admit_data(connection, request);
  const auto served = judge(request);
  if (!served) return connection.refuse(served.error().message);
  if ((*served)->settings.asks()) return ask(connection, **served);
  admit(connection, **served, {});
}

void Services::ask(FarConnection& connection, const Served& served) {
  if (shared_.consent == nullptr) return connection.refuse("nobody can be asked for approval");
  const forward::Summary about = connection.so_far();
  const auto id =
      shared_.consent->ask({.question = {.site = site_.name,
                                         .service = about.service,
                                         .user = about.user,
                                         .client = about.client,
                                         .connection = about.id},
                            .patience = served.settings.ask_timeout,
                            .command = served.settings.ask_command,
                            .protocol = settings::name_of(served.settings.protocol)},
                           lifetime_.guard([this, asking = connection.weak_from_this(),
                                            asked_for = served.settings](const Consent::Verdict& verdict) {
                             if (const auto self = asking.lock()) answered(*self, asked_for, verdict);
                           }));
  if (!id) return connection.refuse(id.error().message);
  connection.wait([consent = shared_.consent, id = *id] { consent->withdraw(id); });
}

void Services::answered(FarConnection& connection, const settings::Service& asked_for,
                        const Consent::Verdict& verdict) {
  switch (verdict.outcome) {
    case forward::Approvals::Outcome::kGranted:
      break;
    case forward::Approvals::Outcome::kDenied:
      return connection.refuse(verdict.cause, "not approved");  // who, and how, is this hub's business
    case forward::Approvals::Outcome::kExpired:
      return connection.refuse(verdict.cause);
  }
  const auto found = served_.find(asked_for.name);
  if (found == served_.end() || !is_same_service(found->second.settings, asked_for))
    return connection.refuse("the service has changed since approval was asked for");
  admit(connection, found->second, approved_by(verdict));
}

base::Result<Services::Served*> Services::judge(const forward::Request& request) {
  const auto found = served_.find(request.service);
  if (found == served_.end()) return base::Error{kNoService};
  Served& served = found->second;
  if (draining_) return base::Error{"this relayd is shutting down"};
  if (open_connections(request.service) > served.settings.max_connections)
    return base::Error{"too many connections at once, the limit is " +
                       std::to_string(served.settings.max_connections)};
  return &served;
}

void Services::admit(FarConnection& connection, Served& served, std::string approved_by) {
  ++served.counts.total;
  const Paces paces{.from_host = &served.to_site, .to_host = &served.from_site};
  FarConnection::Admission admission{
      .target = target_of(served.settings), .paces = paces, .approved_by = std::move(approved_by)};
  if (served.settings.protocol == settings::Protocol::kFtp)
    admission.make_protocol = [this, &connection, service = served.settings,
                               paces](ByteChannel::Socket& socket) {
      return data_.of_service(
          {.link = connection.link(),
           .id = connection.id(),
           .service = service.name,
           .counted = lifetime_.guard(
               [this, name = service.name](const forward::Summary& summary) { count(name, summary); })},
          service, paces, socket);
    };
  if (served.settings.protocol == settings::Protocol::kX11)
    admission.protocol = std::make_unique<forward::x11::CookieReplacement>(
        served.cookie, [service = served.settings] { return display_authorization(service); });
  connection.admit(std::move(admission));
}

void Services::admit_data(FarConnection& connection, const forward::Request& request) {
  auto admission = data_.judge(request);
  if (!admission) return connection.refuse(admission.error().message);
  connection.admit(std::move(*admission));
}

void Services::reached(const FarConnection& connection, const base::Result<void>& how) {
  if (connection.token() != 0) return;  // a data connection says nothing of the service's own address
  const auto found = served_.find(connection.service());
  if (found != served_.end()) found->second.probe->reached(how);
}

void Services::count(const std::string& service, const forward::Summary& summary) {
  const auto found = served_.find(service);
  if (found == served_.end()) return;
  Counts& counts = found->second.counts;
  counts.refused += summary.was_refused ? 1 : 0;
  counts.from_site += summary.to_service;
  counts.to_site += summary.from_service;
}

void Services::ended(const forward::Summary& summary) {
  if (summary.data_token != 0) return data_.ended(summary);
  count(summary.service, summary);
  shared_.log.log_provoked(summary.was_refused ? base::Provoked::kRefusal : base::Provoked::kForward,
                           site_.name, summary.was_refused ? base::LogLevel::kWarning : base::LogLevel::kInfo,
                           to_line(summary));
  if (shared_.ended) shared_.ended(summary);
}

void Services::tick() {
  for (const auto& connection : connections_)
    if (connection->token() != 0) data_.used(*connection);
  for (const auto& connection : std::set(connections_)) {  // a tick may end what it is called on
    const auto found = served_.find(connection->service());
    connection->tick(found == served_.end() ? std::chrono::seconds(0) : found->second.settings.idle_limit());
  }
}

std::size_t Services::open_connections(const std::string& service) const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(), [&](const auto& connection) {
        return connection->is_open() && connection->token() == 0 && connection->service() == service;
      }));
}

std::vector<Services::Standing> Services::standings() const {
  std::vector<Standing> all;
  for (const auto& [name, served] : served_)
    all.push_back(
        {.service = served.settings,
         .offer = offer_of(served),
         .since = served.since,
         .open = open_connections(name),
         .waiting = shared_.consent ? shared_.consent->approvals().waiting_for(site_.name, name) : 0,
         .counts = counts_of(name, served)});
  return all;
}

Services::Counts Services::counts_of(const std::string& name, const Served& served) const {
  Counts counts = served.counts;
  for (const auto& connection : connections_) {
    if (!connection->is_open() || connection->service() != name) continue;
    const forward::Summary summary = connection->so_far();
    counts.from_site += summary.to_service;
    counts.to_site += summary.from_service;
  }
  return counts;
}

}  // namespace tsmtp::net
