// The half of Connection that sends: its own frames between those of the session.
#include <utility>

#include "relayd/mux/connection.h"
#include "relayd/wire/encoder.h"

namespace tsmtp::mux {

using wire::FrameType;

void Connection::produce(std::string& out, std::size_t enough_bytes, base::TimePoint now) {
  now_ = now;
  if (session_ != nullptr) session_->tick(now);
  const std::size_t before = out.size();
  while (out.size() < enough_bytes && produce_frame(out)) {
  }
  if (state_ != State::kClosing) counters().bytes_out += out.size() - before;  // else counted when made
}

bool Connection::wants_to_send() const {
  switch (state_) {
    case State::kGreeting:
    case State::kAsking:
      return hello_due_;
    case State::kAttached:
      return hello_due_ || ping_due_ || !pongs_.empty() || session_->wants_to_send();
    case State::kClosing:
      return !last_.empty();
    case State::kClosed:
      return false;
  }
  return false;
}

bool Connection::produce_frame(std::string& out) {
  switch (state_) {
    case State::kGreeting:
    case State::kAsking:
      return produce_hello(out);
    case State::kAttached:
      return produce_hello(out) || session_->produce_replay(out) || produce_ping(out) ||
             session_->produce_frame(out, path_);
    case State::kClosing:
      return produce_last(out);
    case State::kClosed:
      return false;
  }
  return false;
}

bool Connection::produce_hello(std::string& out) {
  if (!std::exchange(hello_due_, false)) return false;
  const Hello hello{.lowest_version = kLowestVersion,
                    .highest_version = kHighestVersion,
                    .capabilities = (settings_.can_resume ? kCapabilityResumption : 0) |
                                    (settings_.can_compress ? kCapabilityCompression : 0) |
                                    kCapabilityEnquiries | kCapabilityServices | kCapabilityRotation |
                                    kCapabilityForwards | kCapabilityReasons | kCapabilityBeside |
                                    kCapabilityTraces | kCapabilityVersions |
                                    (settings_.shares_outcomes ? kCapabilitySharedOutcomes : 0),
                    .instance = settings_.instance,
                    .max_streams = settings_.limits.max_streams,
                    .stream_window_bytes = settings_.limits.stream_window_bytes,
                    .name = settings_.hub_name,
                    .resumption = settings_.resumption,
                    .predecessor = settings_.predecessor};
  // It acknowledges nothing: it says itself what was received.
  wire::encode({.type = FrameType::kHello, .payload = encode_hello(hello)}, out);
  ++counters().frames_out;
  return true;
}

bool Connection::produce_ping(std::string& out) {
  if (!pongs_.empty()) {
    session_->emit(FrameType::kPong, 0, std::move(pongs_.front()), out);
    pongs_.pop_front();
    return true;
  }
  if (!std::exchange(ping_due_, false)) return false;
  session_->emit(FrameType::kPing, 0, keepalive_.ping_payload(), out);
  keepalive_.ping_sent(now_);
  return true;
}

bool Connection::produce_last(std::string& out) {
  if (last_.empty()) return false;
  out += last_.front();
  last_.pop_front();
  return true;
}

// Made now, so that it needs no session when it is sent.
void Connection::say_last(std::string_view reason) {
  const auto keep = [this](std::string& frame) {
    counters().bytes_out += frame.size();
    last_.push_back(std::exchange(frame, {}));
  };
  std::string frame;
  if (produce_hello(frame)) keep(frame);
  // Behind frames that are to be sent again nothing that is numbered may go.
  while (session_ != nullptr && !session_->retained_.replaying() && session_->produce_control(frame))
    keep(frame);
  if (session_ != nullptr) {
    session_->emit(FrameType::kClose, 0, std::string(reason), frame);
  } else {
    wire::encode({.type = FrameType::kClose, .payload = reason}, frame);
  }
  keep(frame);
}

}  // namespace tsmtp::mux
