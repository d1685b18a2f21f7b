#include "relayd/link/redialling.h"

#include <algorithm>
#include <utility>

namespace tsmtp::link {
namespace {

// The peer is there, and a peer that does not take us now must not be asked several times a second.
constexpr Backoff::Milliseconds kFirstPause{1000};
constexpr Backoff::Milliseconds kLongestPause{30'000};

}  // namespace

Redialling::Redialling(Milliseconds round_trip, unsigned seed)
    : shortest_try_(std::clamp(2 * round_trip, kShortestTry, kLongestTry)),
      random_(seed),
      backoff_(kFirstPause, kLongestPause, seed) {}

Redialling::Step Redialling::start(base::TimePoint now) {
  return state_ == State::kIdle ? connect(now) : Step::kNone;
}

void Redialling::start_later(base::TimePoint now) {
  if (state_ == State::kIdle) wait(length_of_try(), now);
}

void Redialling::came_to_nothing(base::TimePoint now) {
  if (state_ == State::kIdle) wait(backoff_.next(), now);
}

Redialling::Step Redialling::stop() {
  const State before = std::exchange(state_, State::kIdle);
  deadline_.reset();
  return before == State::kConnecting || before == State::kShakingHands ? Step::kGiveUp : Step::kNone;
}

// The length varies by chance, so that hubs do not dial in step after an outage.
Redialling::Milliseconds Redialling::length_of_try() {
  std::uniform_int_distribution<Milliseconds::rep> length(shortest_try_.count(),
                                                          shortest_try_.count() * 3 / 2);
  return Milliseconds(length(random_));
}

void Redialling::wait(Milliseconds time, base::TimePoint now) {
  state_ = State::kWaiting;
  deadline_ = now + time;
}

// A socket of its own for each try: TCP itself would wait one second, then two, four and eight.
Redialling::Step Redialling::connect(base::TimePoint now) {
  state_ = State::kConnecting;
  deadline_ = now + length_of_try();
  return Step::kConnect;
}

void Redialling::connected() {
  if (state_ != State::kConnecting) return;
  state_ = State::kShakingHands;  // which has a limit of its own
  deadline_.reset();
}

void Redialling::failed(base::TimePoint now) {
  if (state_ == State::kShakingHands) wait(backoff_.next(), now);
}

bool Redialling::dialled() {
  if (state_ != State::kShakingHands) return false;
  state_ = State::kIdle;
  return true;
}

Redialling::Step Redialling::tick(base::TimePoint now) {
  if (!deadline_ || now < *deadline_) return Step::kNone;
  return connect(now);
}

}  // namespace tsmtp::link
