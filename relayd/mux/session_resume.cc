// The part of Session that makes one outlive its connection. Nothing of the peer's Hello is believed that our
// own numbers do not bear out.
#include <algorithm>
#include <utility>

#include "relayd/mux/session.h"

namespace tsmtp::mux {

bool Session::can_outlive_its_connection() const {
  return state_ == State::kEstablished && !failure_ && progress_.resumable &&
         settings_.resume_window > std::chrono::seconds::zero();
}

// After which the peer is asked.
base::Duration Session::silence() const {
  const bool can_dial = settings_.role == Role::kDialer && can_outlive_its_connection();
  return can_dial && open_streams() > 0 ? settings_.keepalive_in_use : settings_.keepalive;
}

bool Session::suspend(base::TimePoint now) {
  if (suspended()) return true;
  if (!can_outlive_its_connection()) return false;
  now_ = now;
  suspended_until_ = now + settings_.resume_window;
  decoder_ = {};  // what has come of a frame will come again
  progress_.control.drop_pings();
  return true;
}

Resumption Session::ask_to_resume() {
  progress_.asked = std::max(progress_.asked, progress_.epoch) + 1;
  return {.connection = settings_.resumption.connection,
          .connections = settings_.resumption.connections,
          .own = progress_.number,
          .peer = progress_.peer.resumption.number,
          .epoch = progress_.asked,
          .received = progress_.acknowledgement.received()};
}

bool Session::is_named_by(const Hello& hello) const {
  return state_ == State::kEstablished && progress_.resumable && hello.can_resume() &&
         hello.instance == progress_.peer.instance &&
         hello.resumption.own == progress_.peer.resumption.number &&
         hello.resumption.peer == progress_.number;
}

bool Session::can_become(const Hello& hello) const {
  return is_named_by(hello) && hello.resumption.epoch > progress_.epoch &&
         progress_.retained.follows(hello.resumption.received, progress_.acknowledgement.sent());
}

// `suspended` is over afterwards: it has nothing left.
void Session::take_over(Session& suspended, const Resumption& theirs) {
  progress_ = std::exchange(suspended.progress_, Progress(settings_.role, 0, 0));
  suspended.state_ = State::kClosed;
  suspended.suspended_until_.reset();
  progress_.epoch = theirs.epoch;
  progress_.peer.resumption.connections = theirs.connections;
  ++progress_.counters.resumptions;
  settings_.resumption.own = progress_.number;
  settings_.resumption.peer = progress_.peer.resumption.number;
  settings_.resumption.epoch = theirs.epoch;
  settings_.resumption.received = progress_.acknowledgement.received();

  // The peer's acknowledgements come with its frames: some that it sent before it had ours are still to come.
  progress_.acknowledgement.resume();
  progress_.retained.acknowledged(theirs.received);
  progress_.retained.rewind();
  // What has no sequence is not kept, and is said again.
  for (const StreamId id : progress_.streams.with_stated_credit())
    progress_.credit_due.insert(id);
  if (progress_.drains) progress_.control.push({wire::FrameType::kDrain, 0, {}});
}

}  // namespace tsmtp::mux
