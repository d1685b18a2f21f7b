// The half of SiteLink that carries out what the life of the link asks for, and reports what came of it.
#include <algorithm>
#include <utility>
#include <variant>

#include "relayd/net/io/clocks.h"
#include "relayd/net/io/socket_options.h"
#include "relayd/net/link/site_link.h"

namespace tsmtp::net {
namespace {

link::Moment this_moment() {
  return {.at = now(), .wall = wall_now()};
}

std::chrono::milliseconds round_trip_of(const LinkConnection& connection) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(connection.path_round_trip());
}

link::HelloSummary summary_of(const mux::Hello& hello) {
  link::HelloSummary summary{.instance = hello.instance,
                             .name = hello.name,
                             .can_resume = hello.can_resume(),
                             .can_compress = hello.can_compress(),
                             .predecessor = hello.predecessor};
  if (!hello.can_resume()) return summary;
  summary.connection = hello.resumption.connection;
  summary.connections = hello.resumption.connections;
  return summary;
}

std::size_t place_of(link::Slot slot) {
  return static_cast<std::size_t>(slot);
}

link::Named named_by(const mux::Hello& hello, const mux::Session* session) {
  if (!hello.can_resume() || hello.resumption.own == 0) return link::Named::kNone;
  if (session == nullptr || !session->is_named_by(hello)) return link::Named::kUnknown;
  return session->can_resume_with(hello) ? link::Named::kOurs : link::Named::kOursNoLonger;
}

}  // namespace

// An action that is carried out may lead to more.
void SiteLink::carry_out() {
  if (std::exchange(carries_out_, true)) return;
  for (link::Actions actions = life_.act(); !actions.empty(); actions = life_.act())
    for (const link::Action& action : actions)
      std::visit([this](const auto& known) { act(known); }, action);
  carries_out_ = false;
  set_timer();
}

void SiteLink::set_timer() {
  const auto deadline = life_.deadline();
  if (deadline == timer_set_for_) return;
  timer_set_for_ = deadline;
  if (!deadline) {
    timer_.cancel();
    return;
  }
  timer_.expires_at(*deadline);
  timer_.async_wait(lifetime_.guard([this](const boost::system::error_code& error) {
    if (error) return;
    timer_set_for_.reset();
    life_.tick(this_moment());
    carry_out();
  }));
}

// Searches.

Dialer& SiteLink::dialer(link::Attempt attempt) {
  std::shared_ptr<Dialer>& known = dialers_[attempt];
  if (known) return *known;
  known = std::make_shared<Dialer>(
      std::make_unique<SystemResolver>(shared_.executor), shared_.executor, shared_.tls,
      Dialer::Callbacks{
          .accept_peer = lifetime_.guard(
              [this](const keys::Shown& shown, const std::string&) { return judge(shown).verdict; }),
          .resolved = lifetime_.guard([this, attempt](base::Result<std::vector<std::string>> addresses) {
            life_.resolved(attempt, std::move(addresses), this_moment());
            carry_out();
          }),
          .connected = lifetime_.guard([this, attempt] { life_.connected(attempt); }),
          .failed =
              lifetime_.guard([this, attempt](const std::string& cause, link::LinkLife::Reached reached) {
                life_.failed(attempt, cause, reached, this_moment());
                carry_out();
              }),
          .dialled =
              lifetime_.guard([this, attempt](std::unique_ptr<TlsStream> stream, const Dialer::Route& route) {
                const link::Peer peer = peer_of(*stream, &route);
                const link::ConnectionId id = keep(std::move(stream));
                routes_[id] = route;
                life_.dialled(attempt, id, peer, this_moment());
                carry_out();
              })});
  return *known;
}

void SiteLink::act(const link::Resolve& action) {
  dialer(action.attempt).resolve(action.name, settings_.proxy);
}

void SiteLink::act(const link::Connect& action) {
  switch (action.attempt.search) {
    case link::Search::kRounds:
      return dialer(action.attempt).connect(action.address);
    case link::Search::kBeside:
      return dialer(action.attempt)
          .connect(lanes_.at(place_of(life_.lanes()[action.attempt.lane.index()].slot)).route);
  }
}

void SiteLink::act(const link::GiveUp& action) {
  dialer(action.attempt).give_up();
}

// Connections.

// It is known by the pinned key, which need not be in a chain that has become too long to begin with it.
link::Peer SiteLink::peer_of(const TlsStream& stream, const Dialer::Route* route) const {
  const keys::Shown& shown = stream.peer_keys();
  link::Peer peer{.pin = shown.pin(),
                  .address = route != nullptr && route->proxy ? route->to_string() : stream.peer_address(),
                  .description = stream.description(),
                  .own_pin = stream.own_keys().pins.front()};
  peer.earlier_pins.assign(shown.pins.begin(), shown.pins.end() - 1);
  const keys::Judgement judgement = judge(shown);
  if (judgement.pinned != peer.pin) peer.pinned = judgement.pinned;
  if (judgement.verdict == keys::Verdict::kAccepted && shared_.keeper != nullptr)
    shared_.keeper->learn(hub_, shown);
  return peer;
}

link::ConnectionId SiteLink::keep(std::unique_ptr<TlsStream> stream) {
  const link::ConnectionId id{++last_connection_};
  streams_[id] = std::move(stream);
  return id;
}

void SiteLink::act(const link::Greet& action) {
  const auto found = streams_.extract(action.connection);
  if (found.empty()) return;
  std::unique_ptr<TlsStream> stream = std::move(found.mapped());
  stream->set_rekey_limits(settings_.rekey);
  if (!settings_.congestion.empty()) (void)set_congestion(stream->socket(), settings_.congestion);
  const auto connection = std::make_shared<LinkConnection>(action.connection, std::move(stream),
                                                           connection_settings(action), *this);
  connections_[action.connection] = connection;
  connection->start();
}

mux::ConnectionSettings SiteLink::connection_settings(const link::Greet& action) {
  mux::ConnectionSettings settings;
  settings.role = action.role;
  settings.hub_name = shared_.hub_name;
  settings.instance = shared_.instance.own;
  settings.predecessor = shared_.instance.predecessor;
  settings.dead_after = settings_.peer_timeout;
  // One budget for the link, whatever it is made of.
  settings.limits.window_budget_bytes /= life_.lanes().size();
  settings.limits.other_window_budget_bytes /= life_.lanes().size();
  settings.limits.max_unacknowledged_bytes /= life_.lanes().size();
  settings.limits.services.clear();
  for (const auto& [service, accept] : callbacks_.accept_stream)
    settings.limits.services.push_back(service);
  settings.limits.grace_period = settings_.resume_window;
  settings.can_resume = settings_.resume_window > std::chrono::seconds::zero();
  settings.can_compress = settings_.compress;
  settings.shares_outcomes = shared_.shares_outcomes;
  const auto lane = lanes_.find(place_of(action.slot));
  if (action.asks_to_resume && lane != lanes_.end())
    settings.resumption = lane->second.session->ask_to_resume();
  settings.resumption.connection = static_cast<std::uint8_t>(action.lane.index());
  settings.resumption.connections = static_cast<std::uint8_t>(life_.lanes().size());
  settings.resumption.number = ++session_numbers_;
  return settings;
}

base::Result<void> SiteLink::on_hello(LinkConnection& connection, const mux::Hello& hello) {
  link::HelloSummary summary = summary_of(hello);
  if (const auto slot = life_.slot_of(connection.id(), summary)) {
    const auto lane = lanes_.find(place_of(*slot));
    summary.named = named_by(hello, lane == lanes_.end() ? nullptr : lane->second.session.get());
  }
  answered_ = {};
  life_.hello(connection.id(), summary, this_moment());
  carry_out();
  return answered_;
}

void SiteLink::act(const link::Attach& action) {
  const auto found = connections_.find(action.connection);
  if (found == connections_.end()) return;
  LinkConnection& connection = *found->second;
  Lane& lane = lanes_[place_of(action.slot)];
  switch (action.how) {
    case link::Attach::How::kBegin:
      lane.session = connection.new_session();
      answered_ = connection.begin(*lane.session);
      break;
    case link::Attach::How::kResume:
      if (lane.connection) lane.connection->detach();
      answered_ = connection.resume(*lane.session);
      break;
  }
  lane.connection = found->second;
  lane.carried_since = now();
  const auto route = routes_.find(action.connection);
  lane.route = route != routes_.end() ? route->second : Dialer::Route{.address = connection.peer_endpoint()};
}

void SiteLink::act(const link::Close& action) {
  if (const auto connection = take_connection(action.connection)) connection->close(action.reason);
}

void SiteLink::act(const link::Abandon& action) {
  streams_.erase(action.connection);
  routes_.erase(action.connection);
  if (const auto connection = take_connection(action.connection)) connection->abandon();
}

std::shared_ptr<LinkConnection> SiteLink::take_connection(link::ConnectionId id) {
  routes_.erase(id);
  const auto found = connections_.extract(id);
  if (found.empty()) return nullptr;
  for (auto& [number, lane] : lanes_)
    if (lane.connection == found.mapped()) lane.connection.reset();
  return found.mapped();
}

void SiteLink::on_line_changed(LinkConnection& connection, mux::Standstill::Change change) {
  switch (change) {
    case mux::Standstill::Change::kNone:
      return;
    case mux::Standstill::Change::kStandsStill:
      life_.stalled(connection.id(), connection.stands_still_since().value_or(now()),
                    round_trip_of(connection), this_moment());
      break;
    case mux::Standstill::Change::kMoves:
      for (auto& [number, lane] : lanes_)
        if (lane.connection.get() == &connection) lane.carried_since = now();
      life_.moves(connection.id(), this_moment());
      break;
  }
  carry_out();
}

void SiteLink::on_connection_lost(LinkConnection& connection, const std::string& cause) {
  const bool is_over = std::none_of(lanes_.begin(), lanes_.end(), [&](const auto& lane) {
    return lane.second.connection.get() == &connection &&
           lane.second.session->state() == mux::Session::State::kDetached;
  });
  (void)take_connection(connection.id());
  life_.lost(connection.id(),
             {.cause = cause,
              .is_over = is_over,
              .by_peer = connection.was_closed_by_peer(),
              .round_trip = round_trip_of(connection)},
             this_moment());
  carry_out();
}

// Sessions, and who is told.

void SiteLink::act(const link::EndSession& action) {
  const auto ended = lanes_.extract(place_of(action.slot));
  if (ended.empty()) return;
  mux::Session& session = *ended.mapped().session;
  if (session.state() == mux::Session::State::kDetached) session.end();
  counters_before_ += session.counters();
  lose_users(place_of(action.slot), action.cause);
}

void SiteLink::act(const link::Drain& action) {
  const auto lane = lanes_.find(place_of(action.slot));
  if (lane == lanes_.end()) return;
  lane->second.session->drain();
  lane->second.flush();
}

void SiteLink::act(const link::Leave& action) {
  const auto lane = lanes_.find(place_of(action.slot));
  if (lane != lanes_.end()) lane->second.leaves = true;
}

void SiteLink::act(const link::Left&) {
  callbacks_.left();
}

void SiteLink::act(const link::Up&) {
  callbacks_.up();
}

void SiteLink::act(const link::Down&) {
  callbacks_.down();
}

void SiteLink::act(const link::StandingChanged&) {
  callbacks_.standing_changed();
}

// Anybody who can cut the line, or has the key, decides how often there is something to say.
void SiteLink::act(const link::Log& action) {
  shared_.log.log_provoked(base::Provoked::kLink, site_, action.level, hub_ + ": " + action.text);
}

}  // namespace tsmtp::net
