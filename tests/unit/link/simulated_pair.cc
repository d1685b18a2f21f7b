#include "tests/unit/link/simulated_pair.h"

#include <algorithm>
#include <utility>

#include "tests/unit/link/script.h"

namespace tsmtp::link {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kConnectTimeout{15};  // the network's own; the links are less patient
constexpr std::size_t kStory = 80;

}  // namespace

SimulatedPair::SimulatedPair(Plan plan) : random_(plan.seed) {
  now_ += std::chrono::hours(1);
  for (std::size_t hub : {0U, 1U}) {
    present_[hub] = hub;
    sides_.emplace_back();
    sides_[hub].hub = hub;
    sides_[hub].settings = plan.settings[hub];
    sides_[hub].pin = hub == 0 ? "pin-a" : "pin-b";
  }
  for (std::size_t hub : {0U, 1U})
    start(hub);
}

Moment SimulatedPair::moment(const Side& side) const {
  return {
      .at = now_,
      .wall = base::WallTime(std::chrono::duration_cast<base::WallTime::duration>(now_.time_since_epoch())) +
              side.wall_offset};
}

void SimulatedPair::start(std::size_t side) {
  Side& s = sides_[side];
  ++s.lifetimes;
  s.instance = "instance-" + std::to_string(++instances_);
  s.life = std::make_unique<LinkLife>(s.settings, static_cast<unsigned>(random_()), moment(s));
  s.life->start(moment(s));
  carry_out(side);
}

void SimulatedPair::die(std::size_t side) {
  Side& s = sides_[side];
  for (const auto& [id, end] : std::map(s.ends))
    shut(side, id, false);
  s.ends.clear();
  s.sessions.clear();
  s.attached.clear();
  s.tries.clear();
}

void SimulatedPair::restart(std::size_t hub) {
  const std::size_t side = present_[hub];
  die(side);
  sides_[side].predecessor.clear();
  start(side);
}

void SimulatedPair::succeed(std::size_t hub) {
  const std::size_t before = present_[hub];
  present_[hub] = sides_.size();
  Side& fresh = sides_.emplace_back();
  fresh.hub = hub;
  fresh.settings = sides_[before].settings;
  fresh.pin = sides_[before].pin;
  fresh.predecessor = sides_[before].instance;
  fresh.wall_offset = sides_[before].wall_offset;
  tell(before, [instance = "instance-" + std::to_string(instances_ + 1)](LinkLife& life, Moment now) {
    life.peer_has_successor(instance, now);
  });
  sides_[before].life->has_successor(moment(sides_[before]));
  carry_out(before);
  start(present_[hub]);
}

void SimulatedPair::end_earlier(std::size_t hub, bool killed) {
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    Side& s = sides_[side];
    if (s.hub != hub || !s.lives || side == present_[hub]) continue;
    if (!killed) {
      s.life->stop("closing", moment(s));
      carry_out(side);
    }
    s.lives = false;
    ++s.lifetimes;
    s.life->stop("closing", moment(s));
    (void)s.life->act();
    die(side);
  }
  Side& present = sides_[present_[hub]];
  if (std::exchange(present.predecessor, {}).empty()) return;
  tell(present_[hub], [](LinkLife& life, Moment now) { life.peer_predecessor_gone(now); });
}

void SimulatedPair::tell(std::size_t side, std::function<void(LinkLife&, Moment)> what) {
  const Side& s = sides_[side];
  for (const Lane& lane : s.life->lanes()) {
    const auto attached = s.attached.find(static_cast<std::size_t>(lane.slot));
    if (attached == s.attached.end()) continue;
    const auto line = s.ends.at(attached->second).line;
    const std::size_t other = other_of(side, *line);
    return later(other, line->delay, [this, other, line, what = std::move(what)] {
      Side& o = sides_[other];
      const ConnectionId end = line->ends[o.hub];
      const auto is_there = [&](const Lane& its) {
        const auto carries = o.attached.find(static_cast<std::size_t>(its.slot));
        return carries != o.attached.end() && carries->second == end;
      };
      if (silent_ || line->silent || std::none_of(o.life->lanes().begin(), o.life->lanes().end(), is_there))
        return;
      what(*o.life, moment(o));
      carry_out(other);
    });
  }
}

std::size_t SimulatedPair::leaving(std::size_t hub) const {
  const auto& lanes = life(1 - hub).leaving();
  return static_cast<std::size_t>(
      std::count_if(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.is_open(); }));
}

std::size_t SimulatedPair::kept_by_earlier(std::size_t hub) const {
  std::size_t out = 0;
  for (std::size_t side = 0; side < sides_.size(); ++side)
    if (sides_[side].hub == hub && sides_[side].lives && side != present_[hub])
      out += sides_[side].life->open_connections();
  return out;
}

void SimulatedPair::reconfigure(std::size_t hub, const Settings& settings) {
  const std::size_t side = present_[hub];
  sides_[side].settings = settings;
  sides_[side].life->reconfigure(settings, moment(sides_[side]));
  carry_out(side);
}

void SimulatedPair::check(bool good, const std::string& rule) {
  if (!good && fault_.empty()) fault_ = rule;
}

base::Duration SimulatedPair::a_delay(int most_ms) {
  return milliseconds(std::uniform_int_distribution<int>(1, most_ms)(random_));
}

void SimulatedPair::later(base::Duration delay, std::function<void()> what) {
  events_.emplace(now_ + delay, std::move(what));
}

void SimulatedPair::later(std::size_t side, base::Duration delay, std::function<void()> what) {
  later(delay, [this, side, lifetime = sides_[side].lifetimes, what = std::move(what)] {
    if (sides_[side].lifetimes == lifetime) what();
  });
}

void SimulatedPair::run(milliseconds time) {
  const base::TimePoint end = now_ + time;
  while (fault_.empty()) {
    base::TimePoint next = events_.empty() ? base::TimePoint::max() : events_.begin()->first;
    for (const Side& side : sides_)
      next = std::min(next, side.life->deadline().value_or(next));
    if (next > end) break;
    now_ = std::max(now_, next);
    while (!events_.empty() && events_.begin()->first <= now_) {
      const auto what = std::move(events_.begin()->second);
      events_.erase(events_.begin());
      what();
    }
    for (std::size_t side = 0; side < sides_.size(); ++side) {
      const auto due = sides_[side].life->deadline();
      if (!due || *due > now_) continue;
      sides_[side].life->tick(moment(sides_[side]));
      const auto again = sides_[side].life->deadline();
      check(!again || *again > now_, "a tick leaves something due");
      carry_out(side);
    }
  }
  now_ = end;
}

void SimulatedPair::carry_out(std::size_t side) {
  constexpr std::size_t kMostActions = 64;
  const Actions actions = sides_[side].life->act();
  check(actions.size() < kMostActions, "too many actions for one event");
  actions_ += actions.size();
  for (const Action& action : actions) {
    done_.push_back({now_, side, action});
    if (done_.size() > kStory) done_.pop_front();
    std::visit([&](const auto& known) { on(side, known); }, action);
  }
  for (const auto& [lane, connection] : sides_[side].attached)
    check(sides_[side].ends.contains(connection), "a lane's connection is gone, and nobody was told");
}

std::string SimulatedPair::story() const {
  std::string text;
  const auto time = [](base::TimePoint when) {
    return std::to_string(std::chrono::duration_cast<milliseconds>(when.time_since_epoch()).count()) +
           " ms, ";
  };
  for (const Done& done : done_)
    text += time(done.when) + "side " + std::to_string(done.side) + ": " + to_text(done.action) + "\n";
  text += time(now_) + "in the end";
  for (const Side& side : sides_) {
    if (!side.lives) continue;
    text += ": " + std::to_string(side.life->open_connections()) + " of " +
            std::to_string(side.life->lanes().size()) + " open, " + std::to_string(side.sessions.size()) +
            " sessions, " + side.life->standing().cause();
  }
  return text;
}

// Dialling.

void SimulatedPair::on(std::size_t side, const Resolve& action) {
  check(!sides_[side].settings.dial.empty(), "dials without an address");
  const unsigned wanted = ++sides_[side].tries[{action.attempt.lane.index(), action.attempt.search}];
  later(side, a_delay(50), [this, side, attempt = action.attempt, wanted] {
    Side& s = sides_[side];
    if (s.tries[{attempt.lane.index(), attempt.search}] != wanted) return;
    using Addresses = std::vector<std::string>;
    const bool fails = random_() % 16 == 0;
    s.life->resolved(attempt,
                     fails ? base::Result<Addresses>(base::Error{"name not resolved"})
                           : base::Result<Addresses>(Addresses(1 + random_() % 2, "192.0.2.1:5443")),
                     moment(s));
    carry_out(side);
  });
}

void SimulatedPair::on(std::size_t side, const Connect& action) {
  check(!sides_[side].settings.dial.empty(), "dials without an address");
  connect(side, action.attempt);
}

void SimulatedPair::on(std::size_t side, const GiveUp& action) {
  ++sides_[side].tries[{action.attempt.lane.index(), action.attempt.search}];
}

void SimulatedPair::connect(std::size_t side, Attempt attempt) {
  const unsigned wanted = ++sides_[side].tries[{attempt.lane.index(), attempt.search}];
  const base::Duration time = silent_ ? base::Duration(kConnectTimeout) : a_delay(100);
  const bool fails = silent_ || refusing_;
  later(side, time, [this, side, attempt, wanted, fails] {
    Side& s = sides_[side];
    if (s.tries[{attempt.lane.index(), attempt.search}] != wanted) return;
    if (fails) {
      s.life->failed(attempt, "connection refused", Dialling::Reached::kHost, moment(s));
      return carry_out(side);
    }
    s.life->connected(attempt);
    later(side, a_delay(100), [this, side, attempt, wanted] {
      if (sides_[side].tries[{attempt.lane.index(), attempt.search}] == wanted) shake_hands(side, attempt);
    });
  });
}

// In TLS 1.3 the dialling side is done first.
void SimulatedPair::shake_hands(std::size_t side, Attempt attempt) {
  Side& s = sides_[side];
  const std::size_t peer = present_[1 - s.hub];
  Side& other = sides_[peer];
  if (silent_ || !s.life->has_pin(other.pin)) {
    s.life->failed(attempt, "no TLS handshake within 10 seconds", Dialling::Reached::kProgram, moment(s));
    return carry_out(side);
  }
  const auto line = std::make_shared<Line>();
  line->process[s.hub] = side;
  line->process[other.hub] = peer;
  line->delay = a_delay(100);
  line->ends[s.hub] = ConnectionId{++connections_};
  line->ends[other.hub] = ConnectionId{++connections_};
  s.ends[line->ends[s.hub]] = {.line = line, .heard_last = now_};
  const auto accepted = [this, side, peer, hub = s.hub, line] {
    Side& listener = sides_[peer];
    if (!line->open[hub] && random_() % 2 == 0) return;
    if (!listener.life->has_pin(sides_[side].pin)) return shut(peer, line->ends[1 - hub], false);
    listener.ends[line->ends[1 - hub]] = {.line = line, .heard_last = now_};
    listener.life->accepted(line->ends[1 - hub],
                            {.pin = sides_[side].pin,
                             .address = "192.0.2.2:40000",
                             .description = "TLSv1.3",
                             .own_pin = listener.pin},
                            moment(listener));
    carry_out(peer);
    if (!line->open[hub]) end_of(peer, line->ends[1 - hub]);
  };
  later(peer, line->delay, accepted);
  s.life->dialled(
      attempt, line->ends[s.hub],
      {.pin = other.pin, .address = "192.0.2.1:5443", .description = "TLSv1.3", .own_pin = sides_[side].pin},
      moment(s));
  carry_out(side);
}

// Troubles.

void SimulatedPair::cut() {
  for (std::size_t hub : {0U, 1U})
    half_open(hub);
}

void SimulatedPair::half_open(std::size_t hub) {
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    if (sides_[side].hub != hub) continue;
    for (const auto& [id, end] : std::map(sides_[side].ends)) {
      end.line->silent = true;
      if (end.greeted) lost(side, id, "connection reset", false);
    }
  }
}

bool SimulatedPair::agrees(std::size_t lanes) const {
  const Side& one = sides_[present_[0]];
  const Side& other = sides_[present_[1]];
  for (const Side* side : {&one, &other}) {
    const auto sessions_left =
        static_cast<std::size_t>(std::count_if(side->life->leaving().begin(), side->life->leaving().end(),
                                               [](const Lane& lane) { return lane.has_session(); }));
    if (side->life->open_connections() != lanes || side->sessions.size() != lanes + sessions_left)
      return false;
  }
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    const auto slot = static_cast<std::size_t>(one.life->lanes()[lane].slot);
    const auto its_slot = static_cast<std::size_t>(other.life->lanes()[lane].slot);
    const Session& a = one.sessions.at(slot);
    const Session& b = other.sessions.at(its_slot);
    const auto& line = one.ends.at(one.attached.at(slot)).line;
    if (a.own != b.peer || a.peer != b.own) return false;
    if (other.ends.at(other.attached.at(its_slot)).line != line) return false;
  }
  return true;
}

}  // namespace tsmtp::link
