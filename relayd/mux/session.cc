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
      now_(now),
      hello_deadline_(now + settings_.hello_timeout),
      hello_due_(settings_.role == Role::kDialer),  // the listening side answers
      keepalive_(settings_.keepalive, settings_.dead_after, now),
      progress_(settings_.role, settings_.window_budget_bytes, settings_.max_retained_bytes) {}

std::optional<Event> Session::next_event() {
  if (progress_.events.empty()) return std::nullopt;
  Event event = std::move(progress_.events.front());
  progress_.events.pop_front();
  return event;
}

// Sending.

void Session::produce(std::string& out, std::size_t enough_bytes, base::TimePoint now) {
  now_ = now;
  if (suspended()) return;
  progress_.acknowledgement.tick(now);
  const std::size_t before = out.size();
  while (out.size() < enough_bytes && produce_frame(out, now)) {
  }
  progress_.counters.bytes_out += out.size() - before;
}

bool Session::wants_to_send() const {
  if (suspended()) return false;
  switch (state_) {
    case State::kGreeting:
      return hello_due_;
    case State::kEstablished:
      return hello_due_ || progress_.retained.replaying() || !progress_.control.empty() ||
             !progress_.credit_due.empty() || (!progress_.scheduler.empty() && !progress_.retained.full()) ||
             progress_.acknowledgement.due();
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
      return produce_hello(out) || produce_replay(out) || produce_control(out, now) || produce_credit(out) ||
             produce_stream(out) || produce_ack(out);
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
                    .capabilities = (settings_.can_resume ? kCapabilityResumption : 0) |
                                    (settings_.can_compress ? kCapabilityCompression : 0),
                    .instance = settings_.instance,
                    .max_streams = settings_.max_streams,
                    .stream_window_bytes = settings_.stream_window_bytes,
                    .name = settings_.hub_name,
                    .resumption = settings_.resumption};
  emit(FrameType::kHello, 0, encode_hello(hello), out);
  return true;
}

// Whatever has a sequence comes behind what is sent again, as it did the first time.
bool Session::produce_replay(std::string& out) {
  if (!progress_.retained.replaying()) return false;
  progress_.retained.replay(out);
  ++progress_.counters.frames_out;
  ++progress_.counters.frames_replayed;
  return true;
}

bool Session::produce_control(std::string& out, base::TimePoint now) {
  if (progress_.control.empty()) return false;
  ControlFrame frame = progress_.control.pop();
  const std::uint64_t sequence = emit(frame.type, frame.stream, std::move(frame.payload), out);
  Stream* const stream = progress_.streams.find(frame.stream);
  if (frame.type == FrameType::kPing) keepalive_.ping_sent(now);
  if (frame.type == FrameType::kOpen && stream != nullptr) stream->announcement = Stream::Announcement::kMade;
  if (frame.type == FrameType::kReset && stream != nullptr) stream->reset_sequence = sequence;
  return true;
}

bool Session::produce_credit(std::string& out) {
  if (progress_.credit_due.empty()) return false;
  const StreamId id = *progress_.credit_due.begin();
  progress_.credit_due.erase(progress_.credit_due.begin());
  ReceiveHalf& receiving = progress_.streams.find(id)->receiving;
  if (receiving.credit_due()) receiving.tune(now_, path_.round_trip, progress_.window_budget);
  std::string payload;
  base::put_u64(payload, receiving.state_credit());
  emit(FrameType::kCredit, id, std::move(payload), out);
  return true;
}

// A frame holds the line for no more than some milliseconds, where the line is known to be slow.
std::size_t Session::max_payload_bytes() const {
  constexpr std::uint64_t kFramesPerSecond = 250;
  constexpr std::uint64_t kLeast = 1024;
  if (path_.bytes_per_second == 0) return wire::kMaxPayloadBytes;
  return std::clamp<std::uint64_t>(path_.bytes_per_second / kFramesPerSecond, kLeast, wire::kMaxPayloadBytes);
}

bool Session::produce_stream(std::string& out) {
  if (progress_.retained.full()) return false;
  const std::optional<StreamId> id = progress_.scheduler.next();
  if (!id) return false;
  Stream& stream = *progress_.streams.find(*id);
  assert(stream.sending.ready());
  const std::size_t before = out.size();
  std::string payload = stream.sending.take_payload(max_payload_bytes());
  if (payload.empty()) {
    stream.finish_sequence = emit(FrameType::kFinish, *id, {}, out);
    stream.sending.finish_sent();
    progress_.scheduler.remove(*id);
    if (stream.over()) over(*id);
    return true;
  }
  emit(FrameType::kData, *id, std::move(payload), out);
  if (stream.sending.became_writable()) progress_.events.emplace_back(Writable{*id});
  progress_.scheduler.sent(*id, out.size() - before, stream.sending.ready());
  return true;
}

bool Session::produce_ack(std::string& out) {
  if (!progress_.acknowledgement.due()) return false;
  emit(FrameType::kAck, 0, {}, out);
  return true;
}

bool Session::produce_close(std::string& out) {
  emit(FrameType::kClose, 0, std::move(*close_due_), out);
  close_due_.reset();
  return true;
}

std::uint64_t Session::emit(FrameType type, StreamId id, std::string payload, std::string& out) {
  wire::Frame frame{
      .type = type, .flags = 0, .stream = id, .sequence = 0, .acknowledgement = 0, .payload = payload};
  if (type != FrameType::kHello) progress_.acknowledgement.stamp(frame);  // it says itself what was received
  const std::size_t begin = out.size();
  wire::encode(frame, out);
  if (frame.sequence != 0 && progress_.resumable)
    progress_.retained.keep(frame.sequence, std::string_view(out).substr(begin, wire::kHeaderBytes),
                            std::move(payload));
  ++progress_.counters.frames_out;
  if (type == FrameType::kReset) ++progress_.counters.resets_out;
  return frame.sequence;
}

// What the owner does to streams.

base::Result<StreamId> Session::open(Service service) {
  if (!established()) return base::Error{"the link is not up"};
  if (progress_.drains) return base::Error{"this hub is shutting the link down"};
  if (progress_.peer_drains) return base::Error{"the peer is shutting the link down"};
  const std::size_t open = progress_.streams.open_streams(Opener::kUs);
  if (open >= progress_.peer.max_streams)
    return base::Error{std::to_string(open) + " streams are open, more the peer does not take at once"};
  if (progress_.streams.lingering_streams(Opener::kUs) >= kMaxLingering)
    return base::Error{"the peer has not acknowledged the end of " + std::to_string(kMaxLingering) +
                       " streams"};
  if (progress_.own_resets.is_used_up(now_))
    return base::Error{
        "too many mails were begun and given up in a short time, more than the link may carry"};
  const auto id = progress_.streams.next_number();
  if (!id) return id.error();
  (void)progress_.own_resets.use(now_);
  Stream stream = new_stream(Stream::Announcement::kQueued);
  stream.may_be_reset = true;
  progress_.streams.add(*id, std::move(stream));
  progress_.control.push({FrameType::kOpen, *id, std::string(1, static_cast<char>(service))});
  ++progress_.counters.streams_opened;
  return *id;
}

Stream Session::new_stream(Stream::Announcement announcement) const {
  return Stream{.sending = SendHalf(progress_.peer.stream_window_bytes, settings_.stream_window_bytes),
                .receiving = ReceiveHalf(settings_.stream_window_bytes),
                .announcement = announcement};
}

Stream* Session::open_stream(StreamId id) {
  Stream* const stream = progress_.streams.find(id);
  return stream == nullptr || stream->over() ? nullptr : stream;
}

std::size_t Session::writable(StreamId stream) const {
  const Stream* const found = progress_.streams.find(stream);
  return found == nullptr ? 0 : found->sending.writable();
}

void Session::write(StreamId stream, std::string_view bytes) {
  Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  found->sending.write(bytes);
  if (found->sending.ready()) progress_.scheduler.add(stream);
}

void Session::finish(StreamId stream) {
  Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  found->sending.finish();
  if (found->sending.ready()) progress_.scheduler.add(stream);
}

void Session::consumed(StreamId stream, std::size_t bytes) {
  Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  found->receiving.consumed(bytes);
  if (found->receiving.credit_due()) progress_.credit_due.insert(stream);
}

void Session::reset(StreamId stream, ResetCode code, std::string_view cause) {
  const Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  if (found->announcement == Stream::Announcement::kQueued) {
    forget(stream);  // the peer need never hear of it
  } else {
    abandon(stream, code, cause);
    count_provoked_reset(stream, code);
  }
  std::erase_if(progress_.events,
                [&](const Event& event) { return std::visit(StreamOf{}, event) == stream; });
}

// Ends a stream that the peer knows of, from our side.
void Session::abandon(StreamId id, ResetCode code, std::string_view cause) {
  Stream& stream = *progress_.streams.find(id);
  stream.sending.reset();
  stream.may_be_reset = false;
  std::string payload(1, static_cast<char>(code));
  payload += cause.substr(0, kMaxTextBytes);
  progress_.control.push({FrameType::kReset, id, std::move(payload)});
  over(id);
}

// A stream that the peer opened and filled with what cannot be understood: each costs us a Reset and a line
// of the log.
void Session::count_provoked_reset(StreamId id, ResetCode code) {
  if (code != ResetCode::kFailed || progress_.streams.opener(id) != Opener::kPeer) return;
  if (auto ok = progress_.resets.use(now_); !ok) overdone_ = ok.error();
}

// The stream is over but for an acknowledgement of its last frame.
void Session::over(StreamId id) {
  retire(id);
  progress_.streams.linger(id);
  progress_.streams.acknowledged(progress_.acknowledgement.acknowledged_by_peer());
}

// No more turns of sending, and none of receiving: what the window had grown by is there for others.
void Session::retire(StreamId id) {
  progress_.scheduler.remove(id);
  progress_.credit_due.erase(id);
  Stream* const stream = progress_.streams.find(id);
  if (stream == nullptr) return;
  stream->receiving.give_back(progress_.window_budget);
  if (std::exchange(stream->may_be_reset, false)) progress_.own_resets.give_back();
}

// Nothing more will be sent or may be received on the stream.
void Session::forget(StreamId id) {
  retire(id);
  progress_.control.cancel(id);
  progress_.streams.erase(id);
}

// The link as a whole.

void Session::notice(std::string_view bytes) {
  assert(bytes.size() <= wire::kMaxPayloadBytes);
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  progress_.control.push({FrameType::kNotice, 0, std::string(bytes.substr(0, wire::kMaxPayloadBytes))});
}

void Session::drain() {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  if (!std::exchange(progress_.drains, true)) progress_.control.push({FrameType::kDrain, 0, {}});
}

void Session::close(std::string_view reason) {
  if (state_ == State::kClosing || state_ == State::kClosed) return;
  // Before the peer's Hello it would not be understood; behind frames that are to be sent again it may not
  // go.
  if (state_ == State::kGreeting || progress_.retained.replaying()) progress_.control.clear();
  suspended_until_.reset();
  state_ = State::kClosing;
  close_due_ = std::string(reason.substr(0, kMaxTextBytes));
  progress_.scheduler.clear();
  progress_.credit_due.clear();
  progress_.streams.clear();
}

base::Result<void> Session::tick(base::TimePoint now) {
  now_ = now;
  if (suspended()) {
    if (now < *suspended_until_) return {};
    return fail({"not resumed within " + std::to_string(settings_.resume_window.count()) + " s"});
  }
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
  progress_.acknowledgement.tick(now);
  switch (keepalive_.tick(now, silence())) {
    case Keepalive::Verdict::kAlive:
      return {};
    case Keepalive::Verdict::kAsk:
      progress_.control.push({FrameType::kPing, 0, keepalive_.ping_payload()});
      return {};
    case Keepalive::Verdict::kDead:
      return dead();
  }
  return {};
}

// Of the connection only, where the session can go on on another.
base::Error Session::dead() {
  base::Error error{"no sign of life for " + std::to_string(settings_.dead_after.count()) + " s"};
  return progress_.resumable ? error : fail(std::move(error));
}

base::TimePoint Session::deadline() const {
  if (suspended()) return *suspended_until_;
  switch (state_) {
    case State::kGreeting:
      return hello_deadline_;
    case State::kEstablished:
      return std::min(keepalive_.deadline(silence()),
                      progress_.acknowledgement.deadline().value_or(base::TimePoint::max()));
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
  return progress_.peer_drains;
}
const Counters& Session::counters() const {
  return progress_.counters;
}

std::size_t Session::open_streams() const {
  return progress_.streams.open_streams(Opener::kUs) + progress_.streams.open_streams(Opener::kPeer);
}

}  // namespace tsmtp::mux
