// The half of Session that deals with what the peer sends. Nothing in a frame is used before it has been
// checked.
#include <algorithm>
#include <cassert>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/mux/session.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

// A peer that keeps to its limit is refused streams only while we drain, and has then no more than its limit
// of them under way; this many more it may be wrong by.
constexpr std::size_t kRefusalAllowance = 16;

// Codes that a later version may add are failures to us.
ResetCode reset_code(std::uint8_t code) {
  switch (static_cast<ResetCode>(code)) {
    case ResetCode::kCancelled:
    case ResetCode::kRefused:
    case ResetCode::kFailed:
    case ResetCode::kUnknownService:
      return static_cast<ResetCode>(code);
  }
  return ResetCode::kFailed;
}

base::Error on_stream(const base::Error& error, StreamId id) {
  return base::Error{error.message + " of stream " + std::to_string(id)};
}

}  // namespace

base::Result<bool> Session::accept(const wire::Frame& frame) {
  const std::uint64_t before = acknowledgement_.acknowledged_by_peer();
  if (auto ok = acknowledgement_.accept(frame, now_); !ok) return ok.error();
  const std::uint64_t after = acknowledgement_.acknowledged_by_peer();
  if (after == before) return false;
  streams_.acknowledged(after);
  retained_.acknowledged(after);
  return true;
}

base::Result<void> Session::receive(const wire::Frame& frame, bool has_acknowledged) {
  switch (frame.type) {
    case FrameType::kAck:
      return has_acknowledged ? base::Result<void>{} : no_effect();
    case FrameType::kCredit:
      return on_credit(frame.stream, base::get_u64(frame.payload));
    case FrameType::kNotice:
      return on_notice(frame.payload);
    case FrameType::kOpen:
      return on_open(frame.stream, Service{base::get_u8(frame.payload)});
    case FrameType::kData:
      return on_data(frame.stream, frame.payload);
    case FrameType::kFinish:
      return on_finish(frame.stream);
    case FrameType::kReset:
      return on_reset(frame.stream, frame.payload);
    case FrameType::kHello:
    case FrameType::kPing:
    case FrameType::kPong:
    case FrameType::kDrain:
    case FrameType::kClose:
      assert(!"a frame of the connection");
      return {};
  }
  return no_effect();  // check_frame() lets pass only unknown types that may be skipped
}

base::Result<void> Session::no_effect() {
  ++counters_.idle_frames_in;
  return allowances_.idle.use(now_);
}

base::Result<void> Session::on_notice(std::string_view bytes) {
  if (auto ok = allowances_.notices.use(now_); !ok) return ok;
  events_.emplace_back(Noticed{std::string(bytes)});
  return {};
}

// Once in each connection.
void Session::on_drain() {
  if (!std::exchange(peer_drains_, true)) events_.emplace_back(PeerDrains{});
}

base::Result<void> Session::on_open(StreamId id, Service service) {
  if (peer_drains_)
    return base::Error{"peer opened stream " + std::to_string(id) + " after it had announced to drain"};
  if (auto ok = streams_.take_number(id); !ok) return ok;
  if (auto ok = allowances_.opens.use(now_); !ok) return ok;
  const Precedence precedence = precedence_of(service);
  const std::size_t lingering = streams_.lingering_streams(Opener::kPeer);
  const std::size_t present = streams_.open_streams(Opener::kPeer) + lingering;
  const std::size_t of_its_kind = streams_.open_streams(Opener::kPeer, precedence) +
                                  streams_.lingering_streams(Opener::kPeer, precedence);
  const std::uint32_t most_of_its_kind = max_streams_of(precedence, limits_.max_streams);
  if (lingering >= limits_.max_streams + kRefusalAllowance)
    return base::Error{"peer opened streams far beyond its limit of " + std::to_string(limits_.max_streams)};
  streams_.add(id, new_stream(precedence, Stream::Announcement::kMade));
  ++counters_.opens_in;
  if (drains_) {
    return refuse(id, ResetCode::kRefused, "draining");
  } else if (present >= limits_.max_streams) {
    return refuse(id, ResetCode::kRefused, "more than " + std::to_string(limits_.max_streams) + " streams");
  } else if (of_its_kind >= most_of_its_kind) {
    return refuse(id, ResetCode::kRefused,
                  "more than " + std::to_string(most_of_its_kind) + " streams beside those of mails");
  } else if (std::ranges::find(limits_.services, service) == limits_.services.end()) {
    return refuse(id, ResetCode::kUnknownService,
                  "unknown service " + std::to_string(static_cast<unsigned>(service)));
  } else {
    ++counters_.streams_accepted;
    events_.emplace_back(Opened{id, service});
  }
  return {};
}

base::Result<void> Session::refuse(StreamId id, ResetCode code, std::string_view cause) {
  ++counters_.streams_refused;
  abandon(id, code, cause);
  return count_reset(*streams_.find(id));
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
  const auto raised = (*stream)->sending.credit(offset);
  if (!raised) return on_stream(raised.error(), id);
  if (!*raised) return no_effect();
  if ((*stream)->sending.ready()) scheduler_.add(id, (*stream)->precedence);
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
  ++counters_.resets_in;
  if (auto ok = count_reset(**stream); !ok) return ok;
  if (!(*stream)->over())
    events_.emplace_back(PeerReset{id, reset_code(base::get_u8(payload)), std::string(payload.substr(1))});
  (*stream)->has_reset_aside = false;
  forget(id);
  return {};
}

}  // namespace tsmtp::mux
