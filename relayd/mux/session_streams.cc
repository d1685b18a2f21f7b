// The part of Session that its owner uses streams by, and their end.
#include <algorithm>
#include <utility>

#include "relayd/mux/session.h"

namespace tsmtp::mux {
namespace {

using wire::FrameType;

// Streams of ours that are over but not acknowledged are remembered; a peer that never acknowledges must not
// make us remember without end.
constexpr PerPrecedence<std::size_t> kMaxLingering{.first = 1024, .other = 512};

// The stream that an event is about, 0 for none.
struct StreamOf {
  StreamId operator()(const Noticed&) const { return 0; }
  StreamId operator()(const PeerDrains&) const { return 0; }
  template <typename StreamEvent>
  StreamId operator()(const StreamEvent& event) const {
    return event.stream;
  }
};

}  // namespace

bool Session::is_full() const {
  return !drains_ && !peer_drains_ && streams_.open_streams(Opener::kUs) >= agreement_.peer.max_streams;
}

base::Result<StreamId> Session::open(Service service) {
  if (!established()) return base::Error{"the link is not up"};
  if (drains_) return base::Error{"this hub is shutting the link down"};
  if (peer_drains_) return base::Error{"the peer is shutting the link down"};
  if (service != kFirstService && !agreement_.peer.knows_services())
    return base::Error{"the far relayd is too old to know this service"};
  const Precedence precedence = precedence_of(service);
  if (auto ok = may_open(precedence); !ok) return ok.error();
  const auto id = streams_.next_number();
  if (!id) return id.error();
  (void)own_resets_[precedence].use(now_);
  Stream stream = new_stream(precedence, Stream::Announcement::kQueued);
  stream.has_reset_aside = true;
  streams_.add(*id, std::move(stream));
  control_.push({FrameType::kOpen, *id, std::string(1, static_cast<char>(service))});
  ++counters_.streams_opened;
  return *id;
}

base::Result<void> Session::may_open(Precedence precedence) const {
  const bool is_first = precedence == Precedence::kFirst;
  const std::size_t open = streams_.open_streams(Opener::kUs);
  if (open >= agreement_.peer.max_streams)
    return base::Error{"the peer takes no more than the " + std::to_string(open) + " streams that are open"};
  const std::size_t of_its_kind = streams_.open_streams(Opener::kUs, precedence);
  if (of_its_kind >= max_streams_of(precedence, agreement_.peer.max_streams))
    return base::Error{"the peer takes no more than the " + std::to_string(of_its_kind) +
                       " streams that are open beside those of mails"};
  const std::size_t max_lingering = kMaxLingering[precedence];
  if (streams_.lingering_streams(Opener::kUs, precedence) >= max_lingering)
    return base::Error{"the peer has not acknowledged the end of " + std::to_string(max_lingering) +
                       " streams"};
  if (own_resets_[precedence].is_used_up(now_))
    return base::Error{std::string("too many ") +
                       (is_first ? "mails were begun and given up" : "connections were broken off") +
                       " in a short time, more than the link may carry"};
  return {};
}

Stream Session::new_stream(Precedence precedence, Stream::Announcement announcement) const {
  return Stream{.sending = SendHalf(agreement_.peer.stream_window_bytes, limits_.stream_window_bytes),
                .receiving = ReceiveHalf(limits_.stream_window_bytes),
                .precedence = precedence,
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
  if (found->sending.ready()) scheduler_.add(stream, found->precedence);
}

void Session::finish(StreamId stream) {
  Stream* const found = open_stream(stream);
  if (found == nullptr) return;
  found->sending.finish();
  if (found->sending.ready()) scheduler_.add(stream, found->precedence);
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
    count_provoked_reset(stream, code);
  }
  std::erase_if(events_, [&](const Event& event) { return std::visit(StreamOf{}, event) == stream; });
}

// Ends a stream that the peer knows of, from our side.
void Session::abandon(StreamId id, ResetCode code, std::string_view cause) {
  Stream& stream = *streams_.find(id);
  stream.sending.reset();
  stream.has_reset_aside = false;
  if (code == ResetCode::kUnknownService && !agreement_.peer.knows_services()) code = ResetCode::kFailed;
  std::string payload(1, static_cast<char>(code));
  payload += cause.substr(0, kMaxTextBytes);
  control_.push({FrameType::kReset, id, std::move(payload)});
  over(id);
}

// A stream that the peer opened and filled with what cannot be understood: each costs us a Reset and a line
// of the log.
void Session::count_provoked_reset(StreamId id, ResetCode code) {
  if (code != ResetCode::kFailed || streams_.opener(id) != Opener::kPeer) return;
  Stream* const stream = streams_.find(id);
  if (stream == nullptr) return;
  if (auto ok = count_reset(*stream); !ok) overdone_ = ok.error();
}

// A stream ends once, though a Reset of each side may cross.
base::Result<void> Session::count_reset(Stream& stream) {
  if (std::exchange(stream.is_counted_reset, true)) return {};
  return allowances_.resets[stream.precedence].use(now_);
}

// The stream is over but for an acknowledgement of its last frame.
void Session::over(StreamId id) {
  retire(id);
  streams_.linger(id);
  streams_.acknowledged(acknowledgement_.acknowledged_by_peer());
}

// No more turns of sending, and none of receiving: the bytes by which the window had grown are there for
// others.
void Session::retire(StreamId id) {
  credit_due_.erase(id);
  Stream* const stream = streams_.find(id);
  if (stream == nullptr) return;
  const Precedence precedence = stream->precedence;
  if (precedence == Precedence::kFirst) first_ended_ = now_;
  scheduler_.remove(id, precedence);
  stream->receiving.give_back(window_budgets_[precedence]);
  if (std::exchange(stream->has_reset_aside, false)) own_resets_[precedence].give_back();
}

// Nothing more will be sent or may be received on the stream.
void Session::forget(StreamId id) {
  retire(id);
  control_.cancel(id);
  streams_.erase(id);
}

}  // namespace tsmtp::mux
