#include "relayd/mux/stream.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace tsmtp::mux {
namespace {

// Offsets further ahead than any window that a Hello can state are a mistake or an attack.
constexpr std::uint64_t kMaxCreditAhead = std::uint64_t{1} << 32;
// A window that has lasted so long, and eight round trips, is larger than it need be.
constexpr std::chrono::seconds kLongLasting{1};

}  // namespace

void SendHalf::write(std::string_view bytes) {
  if (state_ != State::kOpen) return;
  queue_.append(bytes);
  if (unsent() > window_bytes_ / 2) was_full_ = true;
}

void SendHalf::finish() {
  if (state_ == State::kOpen) state_ = State::kFinishing;
}

void SendHalf::reset() {
  state_ = State::kReset;
  queue_.clear();
}

base::Result<bool> SendHalf::credit(std::uint64_t offset) {
  if (offset > sent_ && offset - sent_ > kMaxCreditAhead)
    return base::Error{"peer gave credit up to byte " + std::to_string(offset) + " where " +
                       std::to_string(sent_) + " have been sent"};
  if (offset <= credit_) return false;
  credit_ = offset;
  return true;
}

std::size_t SendHalf::writable() const {
  if (state_ != State::kOpen || unsent() >= window_bytes_) return 0;
  return window_bytes_ - unsent();
}

bool SendHalf::ready() const {
  switch (state_) {
    case State::kOpen:
      return unsent() > 0 && sent_ < credit_;
    case State::kFinishing:
      return unsent() == 0 || sent_ < credit_;
    case State::kFinished:
    case State::kReset:
      return false;
  }
  return false;
}

std::string SendHalf::take_payload(std::size_t max_bytes) {
  const std::uint64_t allowed = std::min<std::uint64_t>(credit_ - sent_, max_bytes);
  std::string payload = queue_.take_front(static_cast<std::size_t>(allowed));
  sent_ += payload.size();
  return payload;
}

bool SendHalf::became_writable() {
  if (!was_full_ || unsent() > window_bytes_ / 2) return false;
  was_full_ = false;
  return state_ == State::kOpen;
}

void SendHalf::finish_sent() {
  assert(state_ == State::kFinishing && unsent() == 0);
  state_ = State::kFinished;
}

base::Result<void> ReceiveHalf::received(std::size_t bytes) {
  if (state_ == State::kFinished) return base::Error{"peer sent Data after Finish"};
  if (bytes > credit_ - received_)
    return base::Error{"peer sent " + std::to_string(bytes - (credit_ - received_)) +
                       " bytes beyond the credit"};
  received_ += bytes;
  return {};
}

base::Result<void> ReceiveHalf::finished() {
  if (state_ == State::kFinished) return base::Error{"peer sent Finish after Finish"};
  state_ = State::kFinished;
  return {};
}

void ReceiveHalf::consumed(std::size_t bytes) {
  assert(bytes <= received_ - consumed_);
  consumed_ = std::min(consumed_ + bytes, received_);
}

void ReceiveHalf::tune(base::TimePoint now, base::Duration round_trip, WindowBudget& budget) {
  const auto before = std::exchange(tuned_, now);
  if (!before) return;
  const base::Duration lasted = now - *before;
  if (lasted < 2 * round_trip) {
    window_bytes_ += budget.take(window_bytes_);
  } else if (lasted > std::max<base::Duration>(kLongLasting, 8 * round_trip)) {
    const std::size_t spare = std::min(window_bytes_ / 2, window_bytes_ - granted_bytes_);
    window_bytes_ -= spare;
    budget.give_back(spare);
  }
}

void ReceiveHalf::give_back(WindowBudget& budget) {
  budget.give_back(window_bytes_ - granted_bytes_);
  window_bytes_ = granted_bytes_;
}

bool ReceiveHalf::credit_due() const {
  return state_ == State::kOpen && consumed_ + window_bytes_ >= credit_ + (window_bytes_ + 1) / 2;
}

std::uint64_t ReceiveHalf::state_credit() {
  return credit_ = std::max(credit_, consumed_ + window_bytes_);
}

bool Stream::over() const {
  switch (sending.state()) {
    case SendHalf::State::kOpen:
    case SendHalf::State::kFinishing:
      return false;
    case SendHalf::State::kFinished:
      return receiving.state() == ReceiveHalf::State::kFinished;
    case SendHalf::State::kReset:
      return true;
  }
  return false;
}

bool Stream::settled(std::uint64_t acknowledged_by_peer) const {
  if (!over()) return false;
  // With Finish from both the stream is over to the peer, even if a Reset of ours still crosses its Finish.
  const bool finished = finish_sequence != 0 && receiving.state() == ReceiveHalf::State::kFinished;
  const std::uint64_t last = finished ? finish_sequence : reset_sequence;
  return last != 0 && last <= acknowledged_by_peer;
}

}  // namespace tsmtp::mux
