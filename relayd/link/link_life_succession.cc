// The part of LinkLife for processes of one hub that take each other's place: ours, which begins no session
// any more, and the peer's, whose sessions stand beside each other until those of the earlier one are over
// (docs/protocol.md, "Two processes of a hub"). There are never more than two.
#include <algorithm>
#include <utility>

#include "relayd/link/link_life.h"
#include "relayd/link/report.h"

namespace tsmtp::link {

// Ours.

void LinkLife::has_successor(Moment now) {
  if (std::exchange(has_successor_, true) || phase_ >= Phase::kRetired) return;
  log(base::LogLevel::kInfo, "this relayd has a successor, with which new sessions begin");
  for (Lane& each : lanes_) {
    if (!each.has_session()) each.search.rest(actions_);
    if (each.state == Lane::State::kInterrupted && !each.search.dials())
      end_session(each, kHandedOverCause, now);
  }
}

void LinkLife::has_no_successor(Moment now) {
  if (!std::exchange(has_successor_, false) || phase_ >= Phase::kRetired) return;
  log(base::LogLevel::kWarning, "the successor of this relayd has failed; sessions begin anew");
  for (Lane& each : lanes_) {
    close(each, kFailedSuccessor);
    end_session(each, kFailedSuccessor, now);
  }
  dial_missing(now);
}

// The peer's.

void LinkLife::peer_has_successor(const std::string& instance, Moment now) {
  const bool is_news = std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& each) {
    return each.has_session() && each.peer_instance != instance;
  });
  if (phase_ >= Phase::kRetired || !is_news || std::exchange(awaited_, instance) == instance) return;
  log(base::LogLevel::kInfo, "the far relayd has a successor, which is about to take over");
  seek_successor(now);
}

// Where it has listened, its successor does.
void LinkLife::seek_successor(Moment now) {
  if (awaited_.empty() || has_successor_ || phase_ >= Phase::kRetired) return;
  Lane& first = lanes_.front();
  if (!is_being_dialled(first.number)) first.search.start(now, actions_);
}

void LinkLife::peer_predecessor_gone(Moment now) {
  learn_predecessor({}, now);
}

// As the peer's present process says: what it names no more has ended.
void LinkLife::learn_predecessor(const std::string& predecessor, Moment now) {
  peer_predecessor_ = predecessor;
  if (leaving_.empty() || leaving_.front().peer_instance == predecessor) return;
  end_leaving(kGone, kGoneCause, now);
}

bool LinkLife::is_any_leaving() const {
  return std::any_of(leaving_.begin(), leaving_.end(), [](const Lane& each) { return each.has_session(); });
}

const Lane* LinkLife::find_leaving(std::size_t number, const std::string& instance) const {
  const auto found = std::find_if(leaving_.begin(), leaving_.end(), [&](const Lane& each) {
    return each.has_session() && each.number.index() == number && each.peer_instance == instance;
  });
  return found == leaving_.end() ? nullptr : &*found;
}

bool LinkLife::is_succeeded(const std::string& instance) const {
  if (!has_session()) return false;
  return instance == peer_predecessor_ || (is_any_leaving() && leaving_.front().peer_instance == instance);
}

// Only its own: another key, or an instance that the link is not with, makes a link of the usual kind.
bool LinkLife::succeeds(const Candidate& candidate, const HelloSummary& hello) const {
  return !hello.predecessor.empty() && std::any_of(lanes_.begin(), lanes_.end(), [&](const Lane& each) {
    return each.has_session() && each.peer_instance == hello.predecessor &&
           candidate.peer.is_still(each.peer);
  });
}

// Those that leave already are replaced: no peer piles up sessions.
void LinkLife::let_leave(Moment now) {
  end_leaving(kSucceededTwice, kSucceededTwiceCause, now);
  second_generation_ = !second_generation_;
  for (Lane& each : lanes_) {
    each.search.rest(actions_);
    Lane before = each;
    before.search = LaneSearch(before.number, {}, 0);
    before.leaves = true;
    each.slot = slot_for(each.number);
    each.state = Lane::State::kDown;
    each.stood_still_since.reset();
    each.give_up_at.reset();
    if (!before.has_session()) continue;
    actions_.emplace_back(Leave{before.number, before.slot});
    leaving_.push_back(std::move(before));
  }
}

void LinkLife::begin_leaving(const Candidate& candidate, const HelloSummary& hello, Moment now) {
  std::erase_if(leaving_, [](const Lane& each) { return !each.has_session(); });
  leaving_.push_back({.number = candidate.lane,
                      .search = LaneSearch(candidate.lane, {}, 0),
                      .slot = link::slot_of(candidate.lane, !second_generation_),
                      .leaves = true});
  Lane& lane = leaving_.back();
  agree(lane, candidate, hello);
  attach(lane, candidate, hello, Attach::How::kBegin, now);
  actions_.emplace_back(Leave{lane.number, lane.slot});
  log(base::LogLevel::kInfo, arrival_text(lane, {.peer_name = hello.name,
                                                 .wants_compression = settings_.link.compress,
                                                 .which = which_lane(lane.number, lanes_.size())}));
}

void LinkLife::end_leaving(const char* reason, const char* cause, Moment now) {
  for (Lane& each : leaving_) {
    if (!each.has_session()) continue;
    close(each, reason);
    end_session(each, cause, now);
  }
  leaving_.clear();
}

void LinkLife::left(Lane& lane, const std::string& cause, Moment now) {
  actions_.emplace_back(EndSession{lane.number, lane.slot, session_lost_text(cause, now.wall)});
  if (is_any_leaving()) return;
  log(base::LogLevel::kInfo, "the link of the process before has ended: " + cause);
  actions_.emplace_back(Left{});
}

}  // namespace tsmtp::link
