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
  counters_.bytes_in += bytes.size();
  if (failure_) return *failure_;
  if (!bytes.empty()) keepalive_.heard(now);
  while (state_ == State::kGreeting || state_ == State::kEstablished) {
    const auto frame = decoder_.decode(bytes);
    if (!frame) return fail(frame.error());
    if (!*frame) return {};
    ++counters_.frames_in;
    if (const auto ok = handle(**frame, now); !ok) return fail(ok.error());
  }
  return {};
}

// Ends the session with an error; a Close says it to the peer, unless it was the peer that closed.
base::Error Session::fail(base::Error error) {
  control_.clear();
  close(error.message);
  failure_ = error;
  return error;
}

base::Result<void> Session::handle(const wire::Frame& frame, base::TimePoint now) {
  const bool greeting = state_ == State::kGreeting;
  if (greeting && frame.type != FrameType::kHello && frame.type != FrameType::kClose)
    return base::Error{"peer sent " + to_string(frame.type) + " before Hello"};
  if (auto ok = check_frame(frame); !ok) return ok;
  if (auto ok = acknowledgement_.accept(frame, now); !ok) return ok;
  streams_.acknowledged(acknowledgement_.acknowledged_by_peer());
  return dispatch(frame, now);
}

base::Result<void> Session::dispatch(const wire::Frame& frame, base::TimePoint now) {
  switch (frame.type) {
    case FrameType::kHello:
      return on_hello(frame.payload);
    case FrameType::kPing:
      return on_ping(frame.payload);
    case FrameType::kPong:
      if (keepalive_.pong_received(frame.payload, now)) return {};
      return base::Error{"peer answered a ping that was not sent"};
    case FrameType::kAck:
      return {};
    case FrameType::kCredit:
      return on_credit(frame.stream, base::get_u64(frame.payload));
    case FrameType::kDrain:
      return on_drain();
    case FrameType::kClose:
      return on_close(frame.payload);
    case FrameType::kNotice:
      events_.emplace_back(Noticed{std::string(frame.payload)});
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
  return {};  // check_frame() lets pass only unknown types that may be skipped
}

base::Result<void> Session::on_hello(std::string_view payload) {
  if (state_ != State::kGreeting) return base::Error{"peer sent Hello twice"};
  auto hello = parse_hello(payload);
  if (!hello) return hello.error();
  peer_ = std::move(*hello);
  state_ = State::kEstablished;
  events_.emplace_back(Established{peer_.name, peer_.instance});
  return {};
}

base::Result<void> Session::on_ping(std::string_view payload) {
  if (control_.full_of_pongs())
    return base::Error{"peer sent more than " + std::to_string(ControlQueue::kMaxPongs) +
                       " pings without reading the answers"};
  control_.push({FrameType::kPong, 0, std::string(payload)});
  return {};
}

base::Result<void> Session::on_drain() {
  if (std::exchange(peer_drains_, true)) return base::Error{"peer sent Drain twice"};
  events_.emplace_back(PeerDrains{});
  return {};
}

base::Result<void> Session::on_close(std::string_view reason) {
  close({});
  state_ = State::kClosed;
  if (reason.empty()) return base::Error{"closed by peer"};
  return base::Error{"closed by peer: " + base::escaped(reason, kMaxTextBytes)};
}

base::Result<void> Session::on_open(StreamId id, std::uint8_t service) {
  if (peer_drains_)
    return base::Error{"peer opened stream " + std::to_string(id) + " after it had announced to drain"};
  if (auto ok = streams_.take_number(id); !ok) return ok;
  const std::size_t lingering = streams_.lingering_streams(Opener::kPeer);
  const std::size_t present = streams_.open_streams(Opener::kPeer) + lingering;
  if (lingering >= settings_.max_streams + kRefusalAllowance)
    return base::Error{"peer opened streams far beyond its limit of " +
                       std::to_string(settings_.max_streams)};
  streams_.add(id, new_stream(Stream::Announcement::kMade));
  if (drains_) {
    refuse(id, ResetCode::kRefused, "draining");
  } else if (present >= settings_.max_streams) {
    refuse(id, ResetCode::kRefused, "more than " + std::to_string(settings_.max_streams) + " streams");
  } else if (!is_service(service)) {
    refuse(id, ResetCode::kFailed, "unknown service " + std::to_string(service));
  } else {
    ++counters_.streams_accepted;
    events_.emplace_back(Opened{id, static_cast<Service>(service)});
  }
  return {};
}

void Session::refuse(StreamId id, ResetCode code, std::string_view cause) {
  ++counters_.streams_refused;
  abandon(id, code, cause);
}

// The stream of a frame: open, or over without the peer knowing it when it sent the frame.
base::Result<Stream*> Session::known_stream(StreamId id, FrameType type) {
  Stream* const stream = streams_.find(id);
  if (stream == nullptr || stream->announcement == Stream::Announcement::kQueued)
    return base::Error{"peer sent " + to_string(type) + " on stream " + std::to_string(id) +
                       ", which is not open"};
  return stream;
}

base::Result<void> Session::on_credit(StreamId id, std::uint64_t offset) {
  const auto stream = known_stream(id, FrameType::kCredit);
  if (!stream) return stream.error();
  if (auto ok = (*stream)->sending.credit(offset); !ok) return on_stream(ok.error(), id);
  if ((*stream)->sending.ready()) scheduler_.add(id);
  return {};
}

base::Result<void> Session::on_data(StreamId id, std::string_view bytes) {
  const auto stream = known_stream(id, FrameType::kData);
  if (!stream) return stream.error();
  if (auto ok = (*stream)->receiving.received(bytes.size()); !ok) return on_stream(ok.error(), id);
  if (!(*stream)->over()) events_.emplace_back(Received{id, std::string(bytes)});
  return {};
}

base::Result<void> Session::on_finish(StreamId id) {
  const auto stream = known_stream(id, FrameType::kFinish);
  if (!stream) return stream.error();
  const bool was_over = (*stream)->over();
  if (auto ok = (*stream)->receiving.finished(); !ok) return on_stream(ok.error(), id);
  if (was_over) {
    // With our Finish before our Reset the stream is now over to the peer too, and a Reset must not follow.
    if ((*stream)->finish_sequence != 0) control_.cancel(id);
    streams_.acknowledged(acknowledgement_.acknowledged_by_peer());
    return {};
  }
  credit_due_.erase(id);
  events_.emplace_back(PeerFinished{id});
  if ((*stream)->over()) over(id);
  return {};
}

base::Result<void> Session::on_reset(StreamId id, std::string_view payload) {
  const auto stream = known_stream(id, FrameType::kReset);
  if (!stream) return stream.error();
  if (!(*stream)->over())
    events_.emplace_back(PeerReset{id, reset_code(base::get_u8(payload)), std::string(payload.substr(1))});
  forget(id);
  return {};
}

}  // namespace tsmtp::mux
