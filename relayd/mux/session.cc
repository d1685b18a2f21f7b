#include "relayd/mux/session.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tsmtp::mux {

Session::Session(Role role, const SessionLimits& limits)
    : limits_(within_bounds(limits)),
      retained_(limits.max_unacknowledged_bytes),
      streams_(role),
      window_budgets_{.first = WindowBudget(limits.window_budget_bytes),
                      .other = WindowBudget(limits.other_window_budget_bytes)} {}

Session::~Session() {
  assert(state_ != State::kAttached);
}

std::optional<Event> Session::next_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::size_t Session::open_streams() const {
  return streams_.open_streams(Opener::kUs) + streams_.open_streams(Opener::kPeer);
}

bool Session::carries_others() const {
  return streams_.open_streams(Opener::kUs, Precedence::kOther) +
             streams_.open_streams(Opener::kPeer, Precedence::kOther) >
         0;
}

std::optional<base::TimePoint> Session::without_first_since() const {
  const std::size_t open = streams_.open_streams(Opener::kUs, Precedence::kFirst) +
                           streams_.open_streams(Opener::kPeer, Precedence::kFirst);
  return open > 0 ? std::nullopt : std::optional(first_ended_);
}

void Session::notice(std::string_view bytes) {
  assert(bytes.size() <= wire::kMaxPayloadBytes);
  if (state_ == State::kOver) return;
  control_.push({wire::FrameType::kNotice, 0, std::string(bytes.substr(0, wire::kMaxPayloadBytes))});
}

void Session::drain() {
  if (state_ == State::kOver) return;
  if (std::exchange(drains_, true) || state_ == State::kDetached) return;
  control_.push({wire::FrameType::kDrain, 0, {}});
}

bool Session::is_heard() const {
  return !established() || (control_.empty() && scheduler_.empty() &&
                            acknowledgement_.acknowledged_by_peer() == acknowledgement_.sent());
}

void Session::begin(Agreement agreement) {
  assert(state_ == State::kNew);
  state_ = State::kAttached;
  agreement_ = std::move(agreement);
}

void Session::detach() {
  assert(state_ == State::kAttached);
  state_ = State::kDetached;
  control_.drop(wire::FrameType::kDrain);  // it is said again on each connection
  if (!outlives_connection()) end();
}

void Session::end() {
  state_ = State::kOver;
  control_.clear();
  scheduler_.clear();
  credit_due_.clear();
  streams_.clear();
  retained_ = Retained(0);
}

void Session::tick(base::TimePoint now) {
  now_ = now;
  acknowledgement_.tick(now);
}

// Nothing of the peer's Hello is believed that our own numbers do not bear out.

bool Session::outlives_connection() const {
  return established() && agreement_.resumable && limits_.grace_period > std::chrono::seconds::zero();
}

Resumption Session::ask_to_resume() {
  assert(state_ == State::kDetached);
  asked_ = std::max(asked_, epoch_) + 1;
  return {.own = agreement_.number,
          .peer = agreement_.peer.resumption.number,
          .epoch = asked_,
          .received = acknowledgement_.received()};
}

bool Session::is_named_by(const Hello& hello) const {
  return established() && agreement_.resumable && hello.can_resume() &&
         hello.instance == agreement_.peer.instance &&
         hello.resumption.own == agreement_.peer.resumption.number &&
         hello.resumption.peer == agreement_.number;
}

bool Session::can_resume_with(const Hello& hello) const {
  return is_named_by(hello) && hello.resumption.epoch > epoch_ &&
         retained_.follows(hello.resumption.received, acknowledgement_.sent());
}

void Session::resume(const Resumption& theirs) {
  assert(state_ == State::kDetached);
  state_ = State::kAttached;
  epoch_ = theirs.epoch;
  agreement_.peer.resumption.connections = theirs.connections;
  ++counters_.resumptions;
  // The peer's acknowledgements come with its frames: some that it sent before it had ours are still to come.
  acknowledgement_.resume();
  retained_.acknowledged(theirs.received);
  retained_.rewind();
  // Frames without a sequence number are not kept; they are said again.
  for (const StreamId id : streams_.with_stated_credit())
    credit_due_.insert(id);
  if (drains_) control_.push({wire::FrameType::kDrain, 0, {}});
}

}  // namespace tsmtp::mux
