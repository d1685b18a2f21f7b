#include "relayd/mux/connection.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/mux/frame_rules.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

ConnectionSettings within_bounds(ConnectionSettings settings) {
  settings.hub_name.resize(std::min(settings.hub_name.size(), kMaxTextBytes));
  settings.instance.resize(kInstanceBytes);
  if (!settings.predecessor.empty()) settings.predecessor.resize(kInstanceBytes);
  settings.limits = within_bounds(settings.limits);
  return settings;
}

// Whether a listening side's word is about the session that the dialling side asked for.
bool answers(const Resumption& answer, const Resumption& question) {
  return answer.own == question.peer && answer.peer == question.own && answer.epoch == question.epoch;
}

}  // namespace

Connection::Connection(ConnectionSettings settings, base::TimePoint now)
    : settings_(within_bounds(std::move(settings))),
      now_(now),
      hello_deadline_(now + settings_.hello_timeout),
      hello_due_(settings_.role == Role::kDialer),  // the listening side answers
      keepalive_(settings_.keepalive, settings_.dead_after, now) {}

Connection::~Connection() {
  detach();
}

// Receiving.

base::Result<void> Connection::receive(std::string_view bytes, base::TimePoint now) {
  now_ = now;
  counters().bytes_in += bytes.size();
  if (failure_) return *failure_;
  if (!bytes.empty()) keepalive_.heard(now);
  if (session_ != nullptr) {
    session_->now_ = now;
    if (session_->overdone_) return fail(*session_->overdone_);
  }
  return take(bytes);
}

base::Result<void> Connection::take(std::string_view bytes) {
  while (state_ == State::kGreeting || state_ == State::kAttached) {
    const auto frame = decoder_.decode(bytes);
    if (!frame) return fail(frame.error());
    if (!*frame) return {};
    ++counters().frames_in;
    const auto ok = state_ == State::kGreeting ? greet(**frame) : handle(**frame);
    if (!ok) return fail(ok.error());
  }
  if (state_ == State::kAsking) unread_ += bytes;
  return {};
}

// Ends the session with an error; a Close says it to the peer, unless it was the peer that closed.
base::Error Connection::fail(base::Error error) {
  if (session_ != nullptr) session_->control_.clear();
  close(error.message);
  failure_ = error;
  return error;
}

base::Result<void> Connection::greet(const wire::Frame& frame) {
  if (frame.type != FrameType::kHello && frame.type != FrameType::kClose)
    return base::Error{"peer sent " + to_string(frame.type) + " before Hello"};
  if (auto ok = check_frame(frame); !ok) return ok;
  if (auto ok = Acknowledgement{}.accept(frame, now_); !ok) return ok;
  return frame.type == FrameType::kHello ? on_hello(frame.payload) : closed_by_peer(frame.payload);
}

base::Result<void> Connection::handle(const wire::Frame& frame) {
  if (auto ok = check_frame(frame); !ok) return ok;
  const auto has_acknowledged = session_->accept(frame);
  if (!has_acknowledged) return has_acknowledged.error();
  switch (frame.type) {
    case FrameType::kHello:
      return base::Error{"peer sent Hello twice"};
    case FrameType::kPing:
      return on_ping(frame.payload);
    case FrameType::kPong:
      if (keepalive_.pong_received(frame.payload, now_)) return {};
      return base::Error{"peer answered a ping that was not sent"};
    case FrameType::kDrain:
      if (std::exchange(peer_said_drain_, true)) return base::Error{"peer sent Drain twice"};
      session_->on_drain();
      return {};
    case FrameType::kClose:
      return closed_by_peer(frame.payload);
    default:
      return session_->receive(frame, *has_acknowledged);
  }
}

base::Result<void> Connection::on_ping(std::string_view payload) {
  ++session_->counters_.pings_in;
  if (auto ok = session_->no_effect(); !ok) return ok;
  if (pongs_.size() >= kMaxPongs)
    return base::Error{"peer sent more than " + std::to_string(kMaxPongs) +
                       " pings without reading the answers"};
  pongs_.emplace_back(payload);
  return {};
}

base::Error Connection::closed_by_peer(std::string_view reason) {
  const std::string text = reason.empty() ? "" : ": " + base::escaped(reason, kMaxTextBytes);
  leave_session();
  state_ = State::kClosed;
  was_closed_by_peer_ = true;
  return base::Error{"closed by peer" + text};
}

// The Hello and its answer.

base::Result<void> Connection::on_hello(std::string_view payload) {
  auto hello = parse_hello(payload);
  if (!hello) return hello.error();
  if (settings_.role == Role::kListener) {
    settings_.resumption.connection = hello->resumption.connection;
  } else if (hello->resumption.own != 0 && !answers(hello->resumption, settings_.resumption)) {
    return base::Error{"peer's Hello resumes a session that it was not asked for"};
  }
  peer_ = std::move(*hello);
  state_ = State::kAsking;
  return {};
}

const Hello* Connection::unanswered_hello() const {
  return state_ == State::kAsking ? &peer_ : nullptr;
}

base::Result<void> Connection::begin(Session& session, base::TimePoint now) {
  assert(state_ == State::kAsking && session.limits_ == settings_.limits);
  if (settings_.role == Role::kDialer && peer_.resumption.own != 0)
    return fail({"the session that the peer resumes is over on this side"});
  session.begin({.peer = peer_,
                 .number = settings_.resumption.number,
                 .resumable = settings_.can_resume && peer_.can_resume(),
                 .compresses = settings_.can_compress && peer_.can_compress()});
  return attach(session, now);
}

base::Result<void> Connection::resume(Session& session, base::TimePoint now) {
  assert(state_ == State::kAsking && session.can_resume_with(peer_));
  session.resume(peer_.resumption);
  settings_.resumption.own = session.agreement_.number;
  settings_.resumption.peer = session.agreement_.peer.resumption.number;
  settings_.resumption.epoch = session.epoch_;
  settings_.resumption.received = session.acknowledgement_.received();
  return attach(session, now);
}

base::Result<void> Connection::attach(Session& session, base::TimePoint now) {
  now_ = now;
  session_ = &session;
  session_->now_ = now;
  session_->counters_ += std::exchange(counters_, {});
  state_ = State::kAttached;
  if (settings_.role == Role::kListener) hello_due_ = true;
  return take(std::exchange(unread_, {}));
}

void Connection::leave_session() {
  if (session_ != nullptr) std::exchange(session_, nullptr)->end();
}

void Connection::detach() {
  state_ = State::kClosed;
  last_.clear();
  if (session_ != nullptr) std::exchange(session_, nullptr)->detach();
}

void Connection::close(std::string_view reason) {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  say_last(reason.substr(0, kMaxTextBytes));
  leave_session();
  state_ = State::kClosing;
}

base::Result<void> Connection::tick(base::TimePoint now) {
  now_ = now;
  switch (state_) {
    case State::kGreeting:
      if (now < hello_deadline_) return {};
      return fail(
          {"no Hello from the peer within " + std::to_string(settings_.hello_timeout.count()) + " s"});
    case State::kAttached:
      break;
    case State::kAsking:
    case State::kClosing:
    case State::kClosed:
      return {};
  }
  session_->tick(now);
  switch (keepalive_.tick(now, silence())) {
    case Keepalive::Verdict::kAlive:
      return {};
    case Keepalive::Verdict::kAsk:
      ping_due_ = true;
      return {};
    case Keepalive::Verdict::kDead:
      return dead();
  }
  return {};
}

// Of the connection only, where the session can go on on another.
base::Error Connection::dead() {
  base::Error error{"no sign of life for " + std::to_string(settings_.dead_after.count()) + " s"};
  return session_->agreement_.resumable ? error : fail(std::move(error));
}

// After which the peer is asked.
base::Duration Connection::silence() const {
  const bool can_dial = settings_.role == Role::kDialer && session_->outlives_connection();
  return can_dial && session_->open_streams() > 0 ? settings_.keepalive_in_use : settings_.keepalive;
}

base::TimePoint Connection::deadline() const {
  switch (state_) {
    case State::kGreeting:
      return hello_deadline_;
    case State::kAttached:
      return std::min(keepalive_.deadline(silence()),
                      session_->acknowledgement_.deadline().value_or(base::TimePoint::max()));
    case State::kAsking:
    case State::kClosing:
    case State::kClosed:
      return base::TimePoint::max();
  }
  return base::TimePoint::max();
}

}  // namespace tsmtp::mux
