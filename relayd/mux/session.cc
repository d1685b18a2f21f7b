#include "relayd/mux/session.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "relayd/base/bytes.h"
#include "relayd/wire/encoder.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

// Streams of ours that are over but not acknowledged are remembered; a peer that never acknowledges must not
// make us remember without end.
constexpr std::size_t kMaxLingering = 1024;

Settings within_limits(Settings settings) {
  settings.hub_name.resize(std::min(settings.hub_name.size(), kMaxTextBytes));
  settings.instance.resize(kInstanceBytes);
  settings.stream_window_bytes = std::max(settings.stream_window_bytes, kMinWindowBytes);
  return settings;
}

// The stream that an event is about, 0 for none.
struct StreamOf {
  StreamId operator()(const Established&) const { return 0; }
  StreamId operator()(const Noticed&) const { return 0; }
  StreamId operator()(const PeerDrains&) const { return 0; }
  template <typename StreamEvent>
  StreamId operator()(const StreamEvent& event) const {
    return event.stream;
  }
};

}  // namespace

Session::Session(Settings settings, base::TimePoint now)
    : settings_(within_limits(std::move(settings))),
      hello_deadline_(now + settings_.hello_timeout),
      keepalive_(settings_.keepalive, settings_.dead_after, now),
      streams_(settings_.role) {}

std::optional<Event> Session::next_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

// Sending.

void Session::produce(std::string& out, std::size_t enough_bytes, base::TimePoint now) {
  acknowledgement_.tick(now);
  const std::size_t before = out.size();
  while (out.size() < enough_bytes && produce_frame(out, now)) {
  }
  counters_.bytes_out += out.size() - before;
}

bool Session::wants_to_send() const {
  switch (state_) {
    case State::kGreeting:
      return hello_due_;
    case State::kEstablished:
      return hello_due_ || !control_.empty() || !credit_due_.empty() || !scheduler_.empty() ||
             acknowledgement_.due();
    case State::kClosing:
      return close_due_.has_value();
    case State::kClosed:
      return false;
  }
  return false;
}

bool Session::produce_frame(std::string& out, base::TimePoint now) {
  switch (state_) {
    case State::kGreeting:
      return produce_hello(out);
    case State::kEstablished:
      return produce_hello(out) || produce_control(out, now) || produce_credit(out) || produce_stream(out) ||
             produce_ack(out);
    case State::kClosing:
      return close_due_ && (produce_hello(out) || produce_control(out, now) || produce_close(out));
    case State::kClosed:
      return false;
  }
  return false;
}

bool Session::produce_hello(std::string& out) {
  if (!std::exchange(hello_due_, false)) return false;
  const Hello hello{.lowest_version = kLowestVersion,
                    .highest_version = kHighestVersion,
                    .capabilities = 0,
                    .instance = settings_.instance,
                    .max_streams = settings_.max_streams,
                    .stream_window_bytes = settings_.stream_window_bytes,
                    .name = settings_.hub_name};
  emit(FrameType::kHello, 0, encode_hello(hello), out);
  return true;
}

bool Session::produce_control(std::string& out, base::TimePoint now) {
  if (control_.empty()) return false;
  const ControlFrame frame = control_.pop();
  const std::uint64_t sequence = emit(frame.type, frame.stream, frame.payload, out);
  Stream* const stream = streams_.find(frame.stream);
  if (frame.type == FrameType::kPing) keepalive_.ping_sent(now);
  if (frame.type == FrameType::kOpen && stream != nullptr) stream->announcement = Stream::Announcement::kMade;
  if (frame.type == FrameType::kReset && stream != nullptr) stream->reset_sequence = sequence;
  return true;
}

bool Session::produce_credit(std::string& out) {
  if (credit_due_.empty()) return false;
  const StreamId id = *credit_due_.begin();
  credit_due_.erase(credit_due_.begin());
  std::string payload;
  base::put_u64(payload, streams_.find(id)->receiving.state_credit());
  emit(FrameType::kCredit, id, payload, out);
  return true;
}

bool Session::produce_stream(std::string& out) {
  const std::optional<StreamId> id = scheduler_.next();
  if (!id) return false;
  Stream& stream = *streams_.find(*id);
  assert(stream.sending.ready());
  const std::string_view payload = stream.sending.next_payload();
  if (payload.empty()) {
    stream.finish_sequence = emit(FrameType::kFinish, *id, {}, out);
    stream.sending.finish_sent();
    if (stream.over()) over(*id);
    return true;
  }
  emit(FrameType::kData, *id, payload, out);
  if (stream.sending.sent(payload.size())) events_.emplace_back(Writable{*id});
  if (stream.sending.ready()) scheduler_.add(*id);
  return true;
}

bool Session::produce_ack(std::string& out) {
  if (!acknowledgement_.due()) return false;
  emit(FrameType::kAck, 0, {}, out);
  return true;
}

bool Session::produce_close(std::string& out) {
  emit(FrameType::kClose, 0, *close_due_, out);
  close_due_.reset();
  return true;
}

std::uint64_t Session::emit(FrameType type, StreamId id, std::string_view payload, std::string& out) {
  wire::Frame frame{
      .type = type, .flags = 0, .stream = id, .sequence = 0, .acknowledgement = 0, .payload = payload};
  acknowledgement_.stamp(frame);
  wire::encode(frame, out);
  ++counters_.frames_out;
  return frame.sequence;
}

// What the owner does to streams.

base::Result<StreamId> Session::open(Service service) {
  if (!established()) return base::Error{"the link is not up"};
  if (drains_) return base::Error{"this hub is shutting the link down"};
  if (peer_drains_) return base::Error{"the peer is shutting the link down"};
  const std::size_t open = streams_.open_streams(Opener::kUs);
  if (open >= peer_.max_streams)
    return base::Error{std::to_string(open) + " streams are open, more the peer does not take at once"};
  if (streams_.lingering_streams(Opener::kUs) >= kMaxLingering)
    return base::Error{"the peer has not acknowledged the end of " + std::to_string(kMaxLingering) +
                       " streams"};
  const auto id = streams_.next_number();
  if (!id) return id.error();
  streams_.add(*id, new_stream(Stream::Announcement::kQueued));
  control_.push({FrameType::kOpen, *id, std::string(1, static_cast<char>(service))});
  ++counters_.streams_opened;
  return *id;
}

Stream Session::new_stream(Stream::Announcement announcement) const {
  return Stream{.sending = SendHalf(peer_.stream_window_bytes, settings_.stream_window_bytes),
                .receiving = ReceiveHalf(settings_.stream_window_bytes),
                .announcement = announcement};
}

Stream* Session::open_stream(StreamId id) {
  Stream* const stream = streams_.find(id);
  return stream == nullptr || stream->over() ? nullptr : stream;
}

std::size_t Session::writable(StreamId stream) const {
  const Stream* const found = streams_.find(stream);
  return found == nullptr ? 0 : found->sending.writable();
}

void Session::write(StreamId stream, std::string_view bytes) {
  Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  found->sending.write(bytes);
  if (found->sending.ready()) scheduler_.add(stream);
}

void Session::finish(StreamId stream) {
  Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  found->sending.finish();
  if (found->sending.ready()) scheduler_.add(stream);
}

void Session::consumed(StreamId stream, std::size_t bytes) {
  Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  found->receiving.consumed(bytes);
  if (found->receiving.credit_due()) credit_due_.insert(stream);
}

void Session::reset(StreamId stream, ResetCode code, std::string_view cause) {
  const Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  if (found->announcement == Stream::Announcement::kQueued) {
    forget(stream);  // the peer need never hear of it
  } else {
    abandon(stream, code, cause);
  }
  std::erase_if(events_, [&](const Event& event) { return std::visit(StreamOf{}, event) == stream; });
}

// Ends a stream that the peer knows of, from our side.
void Session::abandon(StreamId id, ResetCode code, std::string_view cause) {
  streams_.find(id)->sending.reset();
  std::string payload(1, static_cast<char>(code));
  payload += cause.substr(0, kMaxTextBytes);
  control_.push({FrameType::kReset, id, std::move(payload)});
  over(id);
}

// The stream is over but for an acknowledgement of its last frame.
void Session::over(StreamId id) {
  scheduler_.remove(id);
  credit_due_.erase(id);
  streams_.linger(id);
  streams_.acknowledged(acknowledgement_.acknowledged_by_peer());
}

// Nothing more will be sent or may be received on the stream.
void Session::forget(StreamId id) {
  scheduler_.remove(id);
  credit_due_.erase(id);
  control_.cancel(id);
  streams_.erase(id);
}

// The link as a whole.

void Session::notice(std::string_view bytes) {
  assert(bytes.size() <= wire::kMaxPayloadBytes);
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  control_.push({FrameType::kNotice, 0, std::string(bytes.substr(0, wire::kMaxPayloadBytes))});
}

void Session::drain() {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  if (!std::exchange(drains_, true)) control_.push({FrameType::kDrain, 0, {}});
}

void Session::close(std::string_view reason) {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  if (state_ == State::kGreeting) control_.clear();
  state_ = State::kClosing;
  close_due_ = std::string(reason.substr(0, kMaxTextBytes));
  scheduler_.clear();
  credit_due_.clear();
  streams_.clear();
}

base::Result<void> Session::tick(base::TimePoint now) {
  switch (state_) {
    case State::kGreeting:
      if (now < hello_deadline_) return {};
      return fail(
          {"no Hello from the peer within " + std::to_string(settings_.hello_timeout.count()) + " s"});
    case State::kEstablished:
      break;
    case State::kClosing:
    case State::kClosed:
      return {};
  }
  acknowledgement_.tick(now);
  switch (keepalive_.tick(now)) {
    case Keepalive::Verdict::kAlive:
      return {};
    case Keepalive::Verdict::kAsk:
      control_.push({FrameType::kPing, 0, keepalive_.ping_payload()});
      return {};
    case Keepalive::Verdict::kDead:
      return fail({"no sign of life for " + std::to_string(settings_.dead_after.count()) + " s"});
  }
  return {};
}

base::TimePoint Session::deadline() const {
  switch (state_) {
    case State::kGreeting:
      return hello_deadline_;
    case State::kEstablished:
      return std::min(keepalive_.deadline(), acknowledgement_.deadline().value_or(base::TimePoint::max()));
    case State::kClosing:
    case State::kClosed:
      return base::TimePoint::max();
  }
  return base::TimePoint::max();
}

bool Session::established() const {
  return state_ == State::kEstablished;
}
bool Session::peer_drains() const {
  return peer_drains_;
}
const Counters& Session::counters() const {
  return counters_;
}

std::size_t Session::open_streams() const {
  return streams_.open_streams(Opener::kUs) + streams_.open_streams(Opener::kPeer);
}

}  // namespace tsmtp::mux
