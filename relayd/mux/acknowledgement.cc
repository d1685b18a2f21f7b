#include "relayd/mux/acknowledgement.h"

#include <string>

namespace tsmtp::mux {
namespace {

std::string described(const wire::Frame& frame) {
  return "peer sent " + to_string(frame.type) + " with sequence " + std::to_string(frame.sequence);
}

}  // namespace

void Acknowledgement::stamp(wire::Frame& frame) {
  frame.sequence = wire::is_sequenced(frame.type) ? ++sent_ : 0;
  frame.acknowledgement = received_;
  acknowledged_by_us_ = received_;
  unacknowledged_bytes_ = 0;
  due_ = false;
}

base::Result<void> Acknowledgement::accept(const wire::Frame& frame, base::TimePoint now) {
  if (auto ok = accept_acknowledgement(frame.acknowledgement); !ok) return ok;
  if (auto ok = accept_sequence(frame); !ok) return ok;
  if (frame.sequence == 0) return {};
  if (received_ == acknowledged_by_us_) unacknowledged_since_ = now;
  ++received_;
  unacknowledged_bytes_ += frame.payload.size();
  if (received_ - acknowledged_by_us_ >= kMaxFrames || unacknowledged_bytes_ >= kMaxBytes) due_ = true;
  return {};
}

base::Result<void> Acknowledgement::accept_acknowledgement(std::uint64_t acknowledgement) {
  if (acknowledgement > sent_)
    return base::Error{"peer acknowledged frame " + std::to_string(acknowledgement) + ", but only " +
                       std::to_string(sent_) + " were sent"};
  if (acknowledgement < acknowledged_by_peer_)
    return base::Error{"peer took back its acknowledgement of frame " +
                       std::to_string(acknowledged_by_peer_) + " and acknowledges only " +
                       std::to_string(acknowledgement)};
  acknowledged_by_peer_ = acknowledgement;
  return {};
}

base::Result<void> Acknowledgement::accept_sequence(const wire::Frame& frame) {
  if (!wire::is_known(frame.type) && frame.sequence == 0) return {};
  if (!wire::is_known(frame.type) || wire::is_sequenced(frame.type)) {
    if (frame.sequence != received_ + 1)
      return base::Error{described(frame) + " where " + std::to_string(received_ + 1) + " was expected"};
  } else if (frame.sequence != 0) {
    return base::Error{described(frame) + ", but frames of that type have none"};
  }
  return {};
}

void Acknowledgement::tick(base::TimePoint now) {
  if (received_ != acknowledged_by_us_ && now >= unacknowledged_since_ + kMaxDelay) due_ = true;
}

std::optional<base::TimePoint> Acknowledgement::deadline() const {
  if (due_ || received_ == acknowledged_by_us_) return std::nullopt;
  return unacknowledged_since_ + kMaxDelay;
}

}  // namespace tsmtp::mux
