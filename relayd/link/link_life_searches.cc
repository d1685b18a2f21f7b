// The part of LinkLife that looks for connections: in rounds while a lane has none, and beside one that
// stands still or broke. The session moves to the new one; when the old one moves first, nothing has changed.
#include <algorithm>
#include <utility>

#include "relayd/link/link_life.h"
#include "relayd/link/report.h"

namespace tsmtp::link {
namespace {

constexpr std::chrono::seconds kSoon{1};

}  // namespace

// The first goes ahead: its Hello tells how many the peer is willing to keep.
void LinkLife::dial_missing(Moment now) {
  if (phase_ >= Phase::kRetired) return;
  const Lane& first = lanes_.front();
  for (Lane& each : lanes_) {
    const std::size_t index = each.number.index();
    const bool may_be = index == 0 || (first.has_session() && does_peer_keep(each.number));
    if (has_successor_ && !each.has_session()) continue;
    if (may_be && !each.is_open() && !is_being_dialled(each.number)) each.search.start(now, actions_);
  }
}

bool LinkLife::does_peer_keep(LaneNumber number) const {
  return number.index() < std::max<std::size_t>(std::min(peer_lanes_, lanes_not_refused_), 1);
}

// A Hello says how many; a peer that has come to keep fewer since then closes the others. They are not
// dialled until a Hello says more, or we are configured anew.
void LinkLife::peer_keeps(std::size_t lanes) {
  lanes_not_refused_ = lanes;
  for (Lane& each : lanes_)
    if (!each.is_open() && !does_peer_keep(each.number)) each.search.rest(actions_);
}

// Connected, and the peer has not yet said its Hello.
bool LinkLife::is_being_dialled(LaneNumber number) const {
  return std::any_of(candidates_.begin(), candidates_.end(), [&](const Candidate& candidate) {
    return candidate.role == mux::Role::kDialer && candidate.lane == number;
  });
}

Lane* LinkLife::find_lane(LaneNumber number) {
  return number.index() < lanes_.size() ? &lanes_[number.index()] : nullptr;
}

void LinkLife::resolved(Attempt attempt, base::Result<std::vector<std::string>> addresses, Moment now) {
  Lane* const lane = find_lane(attempt.lane);
  if (lane == nullptr || attempt.search != Search::kRounds) return;
  address_failed(*lane, lane->search.resolved(std::move(addresses), now, actions_), now);
}

void LinkLife::connected(Attempt attempt) {
  if (Lane* const lane = find_lane(attempt.lane)) lane->search.connected(attempt.search);
}

void LinkLife::failed(Attempt attempt, const std::string& cause, Reached reached, Moment now) {
  Lane* const lane = find_lane(attempt.lane);
  if (lane == nullptr) return;
  address_failed(*lane, lane->search.failed(attempt.search, cause, reached, now, actions_), now);
}

// Each address is told of once for each new cause of it: a link that stays down must not fill the log.
void LinkLife::address_failed(Lane& lane, const std::optional<LaneSearch::Failed>& failed, Moment now) {
  if (!failed || open_connections() > 0) return;
  standing_.learn(lane.search.rounds()->cause());
  if (failed->news)
    log(base::LogLevel::kWarning, "link: " + failed->failure.address + ": " + failed->failure.cause);
  if (standing_.dial_failed(now)) actions_.emplace_back(StandingChanged{});
}

void LinkLife::dialled(Attempt attempt, ConnectionId connection, Peer peer, Moment now) {
  Lane* const lane = find_lane(attempt.lane);
  if (lane == nullptr || !lane->search.dialled(attempt.search)) {
    actions_.emplace_back(Abandon{connection});
    return;
  }
  switch (attempt.search) {
    case Search::kRounds:
      lane->search.stop_beside(actions_);
      return adopt(connection, *lane, mux::Role::kDialer, std::move(peer), now);
    case Search::kBeside:
      return dialled_beside(*lane, connection, std::move(peer), now);
  }
}

// The line carries, and the peer's key has been seen on it. From here on the old connection must be silent:
// the new one's Hello says what has been received.
void LinkLife::dialled_beside(Lane& lane, ConnectionId connection, Peer peer, Moment now) {
  if (lane.is_open()) {
    actions_.emplace_back(Abandon{lane.connection});
    interrupt(lane, kStoodStillCause, now);
  }
  lane.search.rest_rounds(actions_);
  std::erase_if(candidates_, [&](const Candidate& earlier) {
    const bool overtaken = earlier.role == mux::Role::kDialer && earlier.lane == lane.number;
    if (overtaken) actions_.emplace_back(Abandon{earlier.id});
    return overtaken;
  });
  adopt(connection, lane, mux::Role::kDialer, std::move(peer), now);
  // Hello or its answer may get lost too: unless it has come when a pause is over, another one is dialled.
  dial_beside(lane, LaneSearch::When::kAfterPause, now);
}

// The side that dialled knows the address; the other side waits for it.
bool LinkLife::dial_beside(Lane& lane, LaneSearch::When when, Moment now) {
  if (!lane.search.dials() || !lane.has_session()) return false;
  if (lane.role != mux::Role::kDialer || !lane.is_resumable()) return false;
  lane.search.dial_beside(when, lane.round_trip, now.at, actions_);
  return true;
}

// Once for each connection that broke, or was closed by the peer. Whether the next one has to wait.
bool LinkLife::pace(Lane& lane, Moment now) {
  if (!lane.search.dials()) return false;
  if (now.at - lane.attached_at < kSoon) soon_broken_.take(1, now.at);
  const auto wait = soon_broken_.wait(now.at);
  if (wait <= base::Duration::zero()) return false;
  lane.search.hold(now.at + wait);
  return true;
}

void LinkLife::stalled(ConnectionId connection, base::TimePoint since, std::chrono::milliseconds round_trip,
                       Moment now) {
  Lane* const lane = carried_by(connection);
  if (lane == nullptr) return;
  lane->state = Lane::State::kStandingStill;
  lane->stood_still_since = since;
  lane->round_trip = round_trip;
  const bool dials = dial_beside(*lane, LaneSearch::When::kNow, now);
  log(base::LogLevel::kWarning,
      standstill_text(*lane, now.at - since, dials) + which_lane(lane->number, lanes_.size()));
}

void LinkLife::moves(ConnectionId connection, Moment now) {
  Lane* const lane = carried_by(connection);
  if (lane == nullptr) return;
  lane->state = Lane::State::kUp;
  lane->search.stop_beside(actions_);
  if (const auto since = std::exchange(lane->stood_still_since, std::nullopt))
    log(base::LogLevel::kInfo, "link moves again after " + seconds_text(now.at - *since) +
                                   ", on the same connection" + which_lane(lane->number, lanes_.size()));
}

}  // namespace tsmtp::link
