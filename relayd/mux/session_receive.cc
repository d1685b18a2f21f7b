// The half of Session that deals with what the peer sends. Nothing in a frame is used before it has been
// checked.
#include <algorithm>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/mux/frame_rules.h"
#include "relayd/mux/session.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

// A peer that keeps to its limit is refused streams only while we drain, and has then no more than its limit
// of them under way; this many more it may be wrong by.
constexpr std::size_t kRefusalAllowance = 16;

bool is_service(std::uint8_t service) {
  return service == static_cast<std::uint8_t>(Service::kTransaction);
}

// Whether a listening side's word is about the session that the dialling side asked for.
bool answers(const Resumption& answer, const Resumption& question) {
  return answer.own == question.peer && answer.peer == question.own && answer.epoch == question.epoch;
}

// Codes that a later version may add are failures to us.
ResetCode reset_code(std::uint8_t code) {
  switch (static_cast<ResetCode>(code)) {
    case ResetCode::kCancelled:
    case ResetCode::kRefused:
    case ResetCode::kFailed:
      return static_cast<ResetCode>(code);
  }
  return ResetCode::kFailed;
}

base::Error on_stream(const base::Error& error, StreamId id) {
  return base::Error{error.message + " of stream " + std::to_string(id)};
}

}  // namespace

base::Result<void> Session::receive(std::string_view bytes, base::TimePoint now) {
  now_ = now;
  progress_.counters.bytes_in += bytes.size();
  if (failure_) return *failure_;
  if (overdone_) return fail(*overdone_);
  if (!bytes.empty()) keepalive_.heard(now);
  while (state_ == State::kGreeting || state_ == State::kEstablished) {
    const auto frame = decoder_.decode(bytes);
    if (!frame) return fail(frame.error());
    if (!*frame) return {};
    ++progress_.counters.frames_in;
    if (const auto ok = handle(**frame, now); !ok) return fail(ok.error());
  }
  return {};
}

// Ends the session with an error; a Close says it to the peer, unless it was the peer that closed.
base::Error Session::fail(base::Error error) {
  progress_.control.clear();
  close(error.message);
  failure_ = error;
  return error;
}

base::Result<void> Session::handle(const wire::Frame& frame, base::TimePoint now) {
  const bool greeting = state_ == State::kGreeting;
  if (greeting && frame.type != FrameType::kHello && frame.type != FrameType::kClose)
    return base::Error{"peer sent " + to_string(frame.type) + " before Hello"};
  if (auto ok = check_frame(frame); !ok) return ok;
  const std::uint64_t acknowledged = progress_.acknowledgement.acknowledged_by_peer();
  if (auto ok = progress_.acknowledgement.accept(frame, now); !ok) return ok;
  const bool has_acknowledged = progress_.acknowledgement.acknowledged_by_peer() > acknowledged;
  if (has_acknowledged) {
    progress_.streams.acknowledged(progress_.acknowledgement.acknowledged_by_peer());
    progress_.retained.acknowledged(progress_.acknowledgement.acknowledged_by_peer());
  }
  return dispatch(frame, has_acknowledged, now);
}

base::Result<void> Session::no_effect() {
  ++progress_.counters.idle_frames_in;
  return progress_.idle.use(now_);
}

base::Result<void> Session::dispatch(const wire::Frame& frame, bool has_acknowledged, base::TimePoint now) {
  switch (frame.type) {
    case FrameType::kHello:
      return on_hello(frame.payload);
    case FrameType::kPing:
      return on_ping(frame.payload);
    case FrameType::kPong:
      if (keepalive_.pong_received(frame.payload, now)) return {};
      return base::Error{"peer answered a ping that was not sent"};
    case FrameType::kAck:
      return has_acknowledged ? base::Result<void>{} : no_effect();
    case FrameType::kCredit:
      return on_credit(frame.stream, base::get_u64(frame.payload));
    case FrameType::kDrain:
      return on_drain();
    case FrameType::kClose:
      return on_close(frame.payload);
    case FrameType::kNotice:
      if (auto ok = progress_.notices.use(now); !ok) return ok;
      progress_.events.emplace_back(Noticed{std::string(frame.payload)});
      return {};
    case FrameType::kOpen:
      return on_open(frame.stream, base::get_u8(frame.payload));
    case FrameType::kData:
      return on_data(frame.stream, frame.payload);
    case FrameType::kFinish:
      return on_finish(frame.stream);
    case FrameType::kReset:
      return on_reset(frame.stream, frame.payload);
  }
  return no_effect();  // check_frame() lets pass only unknown types that may be skipped
}

base::Result<void> Session::on_hello(std::string_view payload) {
  if (state_ != State::kGreeting) return base::Error{"peer sent Hello twice"};
  auto hello = parse_hello(payload);
  if (!hello) return hello.error();
  if (settings_.role == Role::kListener) {
    settings_.resumption.connection = hello->resumption.connection;
  } else if (hello->resumption.own != 0 && !answers(hello->resumption, settings_.resumption)) {
    return base::Error{"peer's Hello resumes a session that it was not asked for"};
  }
  Admission admission = settings_.admit ? settings_.admit(*hello) : Admission{};
  if (!admission.refusal.empty()) return base::Error{admission.refusal};
  state_ = State::kEstablished;
  Established event{hello->name, hello->instance, admission.resumes != nullptr};
  if (admission.resumes != nullptr) {
    take_over(*admission.resumes, hello->resumption);
  } else {
    progress_.peer = std::move(*hello);
    progress_.number = settings_.resumption.number;
    progress_.resumable = settings_.can_resume && progress_.peer.can_resume();
    progress_.compresses = settings_.can_compress && progress_.peer.can_compress();
  }
  if (settings_.role == Role::kListener) hello_due_ = true;
  progress_.events.emplace_front(std::move(event));  // what came to a resumed one and was not said follows
  return {};
}

base::Result<void> Session::on_ping(std::string_view payload) {
  ++progress_.counters.pings_in;
  if (auto ok = no_effect(); !ok) return ok;
  if (progress_.control.full_of_pongs())
    return base::Error{"peer sent more than " + std::to_string(ControlQueue::kMaxPongs) +
                       " pings without reading the answers"};
  progress_.control.push({FrameType::kPong, 0, std::string(payload)});
  return {};
}

base::Result<void> Session::on_drain() {
  if (std::exchange(peer_said_drain_, true)) return base::Error{"peer sent Drain twice"};
  if (std::exchange(progress_.peer_drains, true)) return {};  // said again on a new connection
  progress_.events.emplace_back(PeerDrains{});
  return {};
}

base::Result<void> Session::on_close(std::string_view reason) {
  close({});
  state_ = State::kClosed;
  if (reason.empty()) return base::Error{"closed by peer"};
  return base::Error{"closed by peer: " + base::escaped(reason, kMaxTextBytes)};
}

base::Result<void> Session::on_open(StreamId id, std::uint8_t service) {
  if (progress_.peer_drains)
    return base::Error{"peer opened stream " + std::to_string(id) + " after it had announced to drain"};
  if (auto ok = progress_.streams.take_number(id); !ok) return ok;
  if (auto ok = progress_.opens.use(now_); !ok) return ok;
  const std::size_t lingering = progress_.streams.lingering_streams(Opener::kPeer);
  const std::size_t present = progress_.streams.open_streams(Opener::kPeer) + lingering;
  if (lingering >= settings_.max_streams + kRefusalAllowance)
    return base::Error{"peer opened streams far beyond its limit of " +
                       std::to_string(settings_.max_streams)};
  progress_.streams.add(id, new_stream(Stream::Announcement::kMade));
  if (progress_.drains) {
    return refuse(id, ResetCode::kRefused, "draining");
  } else if (present >= settings_.max_streams) {
    return refuse(id, ResetCode::kRefused, "more than " + std::to_string(settings_.max_streams) + " streams");
  } else if (!is_service(service)) {
    return refuse(id, ResetCode::kFailed, "unknown service " + std::to_string(service));
  } else {
    ++progress_.counters.streams_accepted;
    progress_.events.emplace_back(Opened{id, static_cast<Service>(service)});
  }
  return {};
}

base::Result<void> Session::refuse(StreamId id, ResetCode code, std::string_view cause) {
  ++progress_.counters.streams_refused;
  abandon(id, code, cause);
  return progress_.resets.use(now_);
}

// The stream of a frame: open, or over without the peer knowing it when it sent the frame.
base::Result<Stream*> Session::known_stream(StreamId id, FrameType type) {
  Stream* const stream = progress_.streams.find(id);
  if (stream == nullptr || stream->announcement == Stream::Announcement::kQueued)
    return base::Error{"peer sent " + to_string(type) + " on stream " + std::to_string(id) +
                       ", which is not open"};
  return stream;
}

base::Result<void> Session::on_credit(StreamId id, std::uint64_t offset) {
  const auto stream = known_stream(id, FrameType::kCredit);
  if (!stream) return stream.error();
  const auto raised = (*stream)->sending.credit(offset);
  if (!raised) return on_stream(raised.error(), id);
  if (!*raised) return no_effect();
  if ((*stream)->sending.ready()) progress_.scheduler.add(id);
  return {};
}

base::Result<void> Session::on_data(StreamId id, std::string_view bytes) {
  const auto stream = known_stream(id, FrameType::kData);
  if (!stream) return stream.error();
  if (auto ok = (*stream)->receiving.received(bytes.size()); !ok) return on_stream(ok.error(), id);
  if (!(*stream)->over()) progress_.events.emplace_back(Received{id, std::string(bytes)});
  return {};
}

base::Result<void> Session::on_finish(StreamId id) {
  const auto stream = known_stream(id, FrameType::kFinish);
  if (!stream) return stream.error();
  const bool was_over = (*stream)->over();
  if (auto ok = (*stream)->receiving.finished(); !ok) return on_stream(ok.error(), id);
  if (was_over) {
    // With our Finish before our Reset the stream is now over to the peer too, and a Reset must not follow.
    if ((*stream)->finish_sequence != 0) progress_.control.cancel(id);
    progress_.streams.acknowledged(progress_.acknowledgement.acknowledged_by_peer());
    return {};
  }
  progress_.credit_due.erase(id);
  progress_.events.emplace_back(PeerFinished{id});
  if ((*stream)->over()) over(id);
  return {};
}

base::Result<void> Session::on_reset(StreamId id, std::string_view payload) {
  const auto stream = known_stream(id, FrameType::kReset);
  if (!stream) return stream.error();
  ++progress_.counters.resets_in;
  if (auto ok = progress_.resets.use(now_); !ok) return ok;
  if (!(*stream)->over())
    progress_.events.emplace_back(
        PeerReset{id, reset_code(base::get_u8(payload)), std::string(payload.substr(1))});
  forget(id);
  return {};
}

}  // namespace tsmtp::mux
