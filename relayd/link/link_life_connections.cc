// The part of LinkLife that says which connection carries a session, and what happens to a session whose
// connection breaks or stands still.
#include <algorithm>
#include <utility>

#include "relayd/link/link_life.h"
#include "relayd/link/report.h"

namespace tsmtp::link {
namespace {

constexpr std::size_t kMaxCandidates = 4;  // for each lane

}  // namespace

void LinkLife::accepted(ConnectionId connection, Peer peer, Moment now) {
  if (const auto ok = connections_.use(now.at); !ok) {
    log(base::LogLevel::kWarning, "refused a connection from " + peer.address + ": " + ok.error().message);
    actions_.emplace_back(Abandon{connection});
    return;
  }
  adopt(connection, lanes_.front(), mux::Role::kListener, std::move(peer), now);
}

void LinkLife::adopt(ConnectionId connection, Lane& lane, mux::Role role, Peer peer, Moment now) {
  // Its handshake may have begun before a reload.
  if (!has_pin_of(peer) || phase_ == Phase::kStopped) {
    actions_.emplace_back(Abandon{connection});
    if (phase_ == Phase::kStopped) return;
    const std::string cause = peer.address + ": " + unpinned_cause();
    if (role == mux::Role::kDialer)
      return address_failed(lane, lane.search.came_to_nothing(cause, now, actions_), now);
    return log(base::LogLevel::kWarning, "refused a connection from " + cause);
  }
  if (candidates_.size() >= kMaxCandidates * lanes_.size()) {
    actions_.emplace_back(Close{candidates_.front().id, kTooMany});
    candidates_.erase(candidates_.begin());
  }
  candidates_.push_back({.id = connection,
                         .lane = lane.number,
                         .role = role,
                         .peer = std::move(peer),
                         .resume_window = settings_.link.resume_window,
                         .compress = settings_.link.compress});
  actions_.emplace_back(
      Greet{.connection = connection,
            .lane = lane.number,
            .role = role,
            .asks_to_resume = role == mux::Role::kDialer && lane.state == Lane::State::kInterrupted,
            .slot = lane.slot});
}

std::optional<Slot> LinkLife::slot_of(ConnectionId connection, const HelloSummary& hello) const {
  const Candidate* const candidate = find_candidate(connection);
  if (candidate == nullptr) return std::nullopt;
  const auto number = lane_of(*candidate, hello);
  if (!number) return std::nullopt;
  const Lane* const leaving = find_leaving(number->index(), hello.instance);
  return leaving != nullptr ? leaving->slot : lanes_[number->index()].slot;
}

std::optional<LaneNumber> LinkLife::lane_of(const Candidate& candidate, const HelloSummary& hello) const {
  if (candidate.role == mux::Role::kDialer) return candidate.lane;
  return LaneNumber::of(hello.can_resume ? hello.connection : 0, lanes_.size());
}

const Candidate* LinkLife::find_candidate(ConnectionId connection) const {
  const auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const Candidate& candidate) { return candidate.id == connection; });
  return found == candidates_.end() ? nullptr : &*found;
}

std::optional<Candidate> LinkLife::take_candidate(ConnectionId connection) {
  const Candidate* const found = find_candidate(connection);
  if (found == nullptr) return std::nullopt;
  const Candidate taken = *found;
  candidates_.erase(candidates_.begin() + (found - candidates_.data()));
  return taken;
}

void LinkLife::hello(ConnectionId connection, const HelloSummary& hello, Moment now) {
  auto candidate = take_candidate(connection);
  if (!candidate) return;
  const auto number = lane_of(*candidate, hello);
  if (number) candidate->lane = *number;
  Verdict verdict{Verdict::Kind::kRefuse,
                  "this side keeps " + std::to_string(lanes_.size()) + " connections of the link"};
  if (!has_pin_of(candidate->peer)) {
    verdict.reason = unpinned_reason();
  } else if (number) {
    verdict = judge(*candidate, hello);
  }
  switch (verdict.kind) {
    case Verdict::Kind::kRefuse:
      actions_.emplace_back(Close{connection, verdict.reason});
      return candidate_lost(*candidate, verdict.reason, now);
    case Verdict::Kind::kBeginBeside:
      let_leave(now);
      begin(*candidate, hello, now);
      break;
    case Verdict::Kind::kBegin:
      begin(*candidate, hello, now);
      break;
    case Verdict::Kind::kBeginLeaving:
      begin_leaving(*candidate, hello, now);
      break;
    case Verdict::Kind::kResume: {
      const Lane* const leaving = find_leaving(candidate->lane.index(), hello.instance);
      resume(leaving != nullptr ? leaving_[static_cast<std::size_t>(leaving - leaving_.data())]
                                : lane_at(candidate->lane),
             *candidate, hello, now);
      break;
    }
  }
  actions_.emplace_back(StandingChanged{});
  dial_missing(now);
}

Verdict LinkLife::judge(const Candidate& candidate, const HelloSummary& hello) const {
  // The place that is meant: of its own process if that has a successor, else of the present one.
  const Lane* lane = find_leaving(candidate.lane.index(), hello.instance);
  if (lane == nullptr && !is_succeeded(hello.instance)) lane = &lanes_[candidate.lane.index()];
  Verdict verdict = judge_for(lane, candidate, hello);
  if (has_successor_ && candidate.role == mux::Role::kListener && verdict.kind != Verdict::Kind::kResume)
    return {Verdict::Kind::kRefuse, kHandedOver};
  return verdict;
}

Verdict LinkLife::judge_for(const Lane* lane, const Candidate& candidate, const HelloSummary& hello) const {
  std::optional<Incumbent> incumbent;
  if (lane != nullptr && lane->has_session())
    incumbent = Incumbent{.role = lane->role,
                          .is_same_peer = candidate.peer.is_still(lane->peer),
                          .instance = lane->peer_instance,
                          .is_open = lane->is_open()};
  const Challenger challenger{.role = candidate.role,
                              .pin = candidate.peer.oldest_pin(),
                              .instance = hello.instance,
                              .named = hello.named,
                              .succeeds = succeeds(candidate, hello),
                              .is_succeeded = is_succeeded(hello.instance)};
  const bool is_of_present = lane != nullptr && !lane->leaves;
  return elect(candidate.peer.own_pin, challenger, is_of_present && is_being_dialled(candidate.lane),
               incumbent);
}

// Only then is the older connection closed (docs/protocol.md, "Resumed").
void LinkLife::resume(Lane& lane, const Candidate& candidate, const HelloSummary& hello, Moment now) {
  const bool replaces = lane.is_open();
  const ConnectionId older = lane.connection;
  attach(lane, candidate, hello, Attach::How::kResume, now);
  if (replaces) actions_.emplace_back(Abandon{older});
  Arrival arrival{.resumed = true,
                  .peer_name = hello.name,
                  .wants_compression = settings_.link.compress,
                  .which = which_lane(lane.number, lanes_.size())};
  if (const auto since = std::exchange(lane.stood_still_since, std::nullopt))
    arrival.stood_still = now.at - *since;
  if (!lane.leaves && open_connections() == 1) standing_.up(now);
  log(base::LogLevel::kInfo, arrival_text(lane, arrival));
  if (lane.leaves) return;
  learn_predecessor(hello.predecessor, now);
  seek_successor(now);
}

void LinkLife::begin(const Candidate& candidate, const HelloSummary& hello, Moment now) {
  Lane& lane = lane_at(candidate.lane);
  close(lane, kReplaced);
  end_session(lane, kReplaced, now);
  // A peer that has been restarted knows nothing of them.
  for (Lane& other : lanes_) {
    if (!other.has_session() || other.peer_instance == hello.instance) continue;
    close(other, kRestarted);
    end_session(other, kRestartedCause, now);
  }
  awaited_.clear();
  learn_predecessor(hello.predecessor, now);
  const bool was_down = !has_session();
  agree(lane, candidate, hello);
  attach(lane, candidate, hello, Attach::How::kBegin, now);
  if (open_connections() == 1) standing_.up(now);
  log(base::LogLevel::kInfo, arrival_text(lane, {.beside = is_any_leaving(),
                                                 .peer_name = hello.name,
                                                 .wants_compression = settings_.link.compress,
                                                 .which = which_lane(lane.number, lanes_.size())}));
  if (phase_ >= Phase::kDraining) actions_.emplace_back(Drain{lane.number, lane.slot});
  if (!was_down) return;
  ++times_up_;
  actions_.emplace_back(Up{});
}

void LinkLife::agree(Lane& lane, const Candidate& candidate, const HelloSummary& hello) {
  lane.peer_instance = hello.instance;
  lane.resumable = hello.can_resume && candidate.resume_window > std::chrono::seconds::zero();
  lane.compresses = hello.can_compress && candidate.compress;
}

void LinkLife::attach(Lane& lane, const Candidate& candidate, const HelloSummary& hello, Attach::How how,
                      Moment now) {
  lane.search.rest(actions_);
  lane.state = Lane::State::kUp;
  lane.connection = candidate.id;
  lane.attached_at = now.at;
  lane.role = candidate.role;
  lane.peer = candidate.peer;
  lane.resume_window = candidate.resume_window;
  lane.give_up_at.reset();
  logged_cause_.clear();
  actions_.emplace_back(
      Attach{.connection = candidate.id, .lane = lane.number, .slot = lane.slot, .how = how});
  if (lane.leaves) return;
  peer_lanes_ = hello.connections;
  peer_keeps(kAny);
}

// Once for each new cause: a link that stays down must not fill the log.
void LinkLife::candidate_lost(const Candidate& candidate, const std::string& cause, Moment now) {
  Lane& lane = lane_at(candidate.lane);
  const bool is_ours = candidate.role == mux::Role::kDialer;
  const std::string text = candidate.peer.address + ": " + cause;
  const bool seeks = !awaited_.empty() && is_ours && candidate.lane == LaneNumber::first();
  if (has_session()) {
    if (!seeks || text != std::exchange(logged_cause_, text))
      log(base::LogLevel::kWarning, "a connection beside the link ended: " + text);
  } else if (!is_ours || !lane.search.dials()) {
    standing_.learn(text);
    if (text != std::exchange(logged_cause_, text)) log(base::LogLevel::kWarning, "link: " + text);
  }
  if (!is_ours || (has_successor_ && !lane.has_session()) || (lane.is_open() && !seeks)) return;
  address_failed(lane, lane.search.came_to_nothing(cause, now, actions_), now);
  if (!lane.is_open()) dial_beside(lane, LaneSearch::When::kAfterPause, now);
}

// In place of a Hello: it keeps no lane of that number.
void LinkLife::refused_by_peer(const Candidate& candidate) {
  const std::size_t index = candidate.lane.index();
  const bool is_of_a_search = candidate.role == mux::Role::kDialer && !lane_at(candidate.lane).is_open();
  if (index == 0 || !is_of_a_search || !has_session()) return;
  log(base::LogLevel::kInfo, "the peer keeps fewer connections than the " + std::to_string(lanes_.size()) +
                                 " of this side: those from " + std::to_string(index + 1) +
                                 " on are not dialled until a session begins or goes on");
  peer_keeps(index);
}

void LinkLife::lost(ConnectionId connection, const Loss& loss, Moment now) {
  if (const auto candidate = take_candidate(connection)) {
    candidate_lost(*candidate, loss.cause, now);
    if (loss.by_peer) refused_by_peer(*candidate);
    return;
  }
  Lane* const lane = carried_by(connection);
  if (lane == nullptr) return;
  lane->round_trip = loss.round_trip;
  const bool has_to_wait = pace(*lane, now);
  // The peer cannot come back to us: it is our successor that listens.
  const bool can_come_back = !has_successor_ || lane->search.dials();
  if (!loss.is_over && lane->is_resumable() && can_come_back) {
    log(base::LogLevel::kWarning, interrupted_text(*lane, loss.cause));
    interrupt(*lane, loss.cause, now);
    lane->search.start(now, actions_);
    dial_beside(*lane, has_to_wait ? LaneSearch::When::kAfterPause : LaneSearch::When::kSoon, now);
    return;
  }
  if (!lane->leaves) log(base::LogLevel::kWarning, "link down: " + loss.cause);
  end_session(*lane, loss.cause, now);
  if (!lane->leaves && !has_successor_ && does_peer_keep(lane->number)) lane->search.start_later(now);
}

// The session waits for another connection.
void LinkLife::interrupt(Lane& lane, const std::string& cause, Moment now) {
  lane.state = Lane::State::kInterrupted;
  lane.give_up_at = now.at + lane.resume_window;
  if (!lane.leaves && open_connections() == 0) interrupted(cause, now);
}

void LinkLife::interrupted(const std::string& cause, Moment now) {
  standing_.interrupted(cause, now);
  actions_.emplace_back(StandingChanged{});
}

Lane* LinkLife::carried_by(ConnectionId connection) {
  for (std::vector<Lane>* const lanes : {&lanes_, &leaving_}) {
    const auto found = std::find_if(lanes->begin(), lanes->end(), [&](const Lane& each) {
      return each.is_open() && each.connection == connection;
    });
    if (found != lanes->end()) return &*found;
  }
  return nullptr;
}

}  // namespace tsmtp::link
