#include "tests/unit/link/script.h"

#include <utility>

namespace tsmtp::link {
namespace {

std::string id(ConnectionId connection) {
  return std::to_string(static_cast<std::uint64_t>(connection));
}

std::string lane(LaneNumber number) {
  return number == LaneNumber::first() ? "" : " in lane " + std::to_string(number.index());
}

std::string generation(Slot slot) {
  return static_cast<std::size_t>(slot) < kSlotsOfGeneration ? "" : " of the second generation";
}

std::string beside(Search search) {
  return search == Search::kBeside ? " beside" : "";
}

struct Text {
  std::string operator()(const Resolve& a) const {
    return "resolve " + a.name.to_string() + lane(a.attempt.lane);
  }
  std::string operator()(const Connect& a) const {
    return "connect" + (a.attempt.search == Search::kBeside ? " beside" : " " + std::to_string(a.address)) +
           lane(a.attempt.lane);
  }
  std::string operator()(const GiveUp& a) const {
    return "give up" + beside(a.attempt.search) + lane(a.attempt.lane);
  }
  std::string operator()(const Greet& a) const {
    const std::string what = a.asks_to_resume ? " to resume" : "";
    return (a.role == mux::Role::kDialer ? "greet " : "await ") + id(a.connection) + what + lane(a.lane);
  }
  std::string operator()(const Attach& a) const {
    return "attach " + id(a.connection) + (a.how == Attach::How::kBegin ? ": begin" : ": resume") +
           lane(a.lane) + generation(a.slot);
  }
  std::string operator()(const Close& a) const { return "close " + id(a.connection) + ": " + a.reason; }
  std::string operator()(const Abandon& a) const { return "abandon " + id(a.connection); }
  std::string operator()(const EndSession& a) const {
    return "end session" + lane(a.lane) + generation(a.slot) + ": " + a.cause;
  }
  std::string operator()(const Drain& a) const { return "drain" + lane(a.lane) + generation(a.slot); }
  std::string operator()(const Leave& a) const { return "leave" + lane(a.lane) + generation(a.slot); }
  std::string operator()(const Left&) const { return "left"; }
  std::string operator()(const Up&) const { return "up"; }
  std::string operator()(const Down&) const { return "down"; }
  std::string operator()(const StandingChanged&) const { return "standing changed"; }
  std::string operator()(const Log& a) const { return a.text; }
};

}  // namespace

std::string to_text(const Action& action) {
  return std::visit(Text{}, action);
}

Settings dialling() {
  return {.pins = {kLargerPin, kSmallerPin},
          .dial = {{.host = "hub.example", .port = 5443, .unix_path = {}}}};
}

Settings waiting() {
  return {.pins = {kLargerPin, kSmallerPin}, .dial = {}};
}

Script::Script(Settings settings, std::string own_pin)
    : life(std::move(settings), 1, Moment{}), own_pin_(std::move(own_pin)) {
  now_.at += std::chrono::hours(1);
  life.start(now_);
}

void Script::take_actions() {
  for (const Action& action : life.act()) {
    auto& list = std::holds_alternative<Log>(action) ? logged_ : did_;
    list.push_back(to_text(action));
  }
}

void Script::pass(std::chrono::milliseconds time) {
  const base::TimePoint end = now_.at + time;
  const auto advance = [this](base::TimePoint to) {
    now_.wall += std::chrono::duration_cast<base::WallTime::duration>(to - now_.at);
    now_.at = to;
  };
  while (const auto next = life.deadline()) {
    if (*next > end) break;
    advance(std::max(*next, now_.at));
    life.tick(now_);
    take_actions();
  }
  advance(end);
}

std::vector<std::string> Script::did() {
  take_actions();
  return std::exchange(did_, {});
}

std::vector<std::string> Script::logged() {
  take_actions();
  return std::exchange(logged_, {});
}

void Script::resolve(const std::string& address) {
  life.resolved(kRounds, base::Result<std::vector<std::string>>(std::vector{address}), now_);
}

ConnectionId Script::dial(Search search, const std::string& pin) {
  const Attempt attempt{.lane = LaneNumber::first(), .search = search};
  const ConnectionId connection{++last_connection_};
  life.connected(attempt);
  life.dialled(attempt, connection,
               {.pin = pin, .address = "192.0.2.1:5443", .description = "TLSv1.3", .own_pin = own_pin_},
               now_);
  return connection;
}

void Script::fail(const std::string& cause, Search search) {
  life.failed({.lane = LaneNumber::first(), .search = search}, cause, Dialling::Reached::kHost, now_);
}

ConnectionId Script::accept(const std::string& pin) {
  const ConnectionId connection{++last_connection_};
  life.accepted(connection,
                {.pin = pin, .address = "192.0.2.1:40000", .description = "TLSv1.3", .own_pin = own_pin_},
                now_);
  return connection;
}

HelloSummary far(Named named) {
  return {.instance = "instance-1", .name = "birl", .can_resume = true, .named = named};
}

void Script::hello(ConnectionId connection, HelloSummary hello) {
  life.hello(connection, hello, now_);
}

ConnectionId Script::up() {
  resolve();
  const ConnectionId connection = dial();
  hello(connection);
  take_actions();
  did_.clear();
  logged_.clear();
  return connection;
}

ConnectionId Script::up_by_peer(const std::string& pin) {
  const ConnectionId connection = accept(pin);
  hello(connection);
  take_actions();
  did_.clear();
  logged_.clear();
  return connection;
}

void Script::lose(ConnectionId connection, const std::string& cause) {
  life.lost(connection, {.cause = cause}, now_);
}

}  // namespace tsmtp::link
