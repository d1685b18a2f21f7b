#include "relayd/link/dialling.h"

#include <algorithm>
#include <utility>

namespace tsmtp::link {
namespace {

constexpr Backoff::Milliseconds kFirstWait{250};
constexpr std::chrono::seconds kStepTimeout{10};  // to resolve a name, to connect to an address
constexpr std::size_t kMaxAddresses = 8;          // of one name

}  // namespace

Dialling::Dialling(Settings settings, unsigned seed)
    : settings_(std::move(settings)),
      backoff_(std::min(kFirstWait, settings_.longest_wait), settings_.longest_wait, seed) {}

bool Dialling::is_under_way() const {
  switch (state_) {
    case State::kResting:
    case State::kWaiting:
    case State::kStopped:
      return false;
    case State::kResolving:
    case State::kConnecting:
    case State::kShakingHands:
      return true;
  }
  return false;
}

Dialling::Next Dialling::start(Moment now) {
  if (is_under_way() || state_ == State::kStopped) return {};
  if (now.at >= not_before_) return dial(0, now);
  wait(held_for(now), now);
  return {};
}

void Dialling::start_later(Moment now) {
  if (is_under_way() || state_ == State::kStopped) return;
  wait(std::max(backoff_.next(), held_for(now)), now);
}

void Dialling::wait(std::chrono::milliseconds time, Moment now) {
  state_ = State::kWaiting;
  next_try_ = now.wall + time;
  deadline_ = now.at + time;
}

std::chrono::milliseconds Dialling::held_for(Moment now) const {
  return std::chrono::ceil<std::chrono::milliseconds>(not_before_ - now.at);
}

Dialling::Next Dialling::came_to_nothing(const std::string& cause, Moment now) {
  if (state_ != State::kResting) return {};
  return attempt_failed(cause, Reached::kProgram, now);
}

Dialling::Next Dialling::rest() {
  backoff_.reset();
  failures_.clear();
  return give_up(state_ == State::kStopped ? State::kStopped : State::kResting);
}

Dialling::Next Dialling::stop() {
  return give_up(State::kStopped);
}

Dialling::Next Dialling::give_up(State next) {
  const bool gives_up = is_under_way();
  state_ = next;
  deadline_.reset();
  next_try_.reset();
  return {.step = gives_up ? Step::kGiveUp : Step::kNone, .failure = {}};
}

Dialling::Next Dialling::dial(std::size_t target, Moment now) {
  state_ = State::kResolving;
  deadline_ = now.at + kStepTimeout;
  next_try_.reset();
  target_ = target;
  addresses_.clear();
  tried_ = 0;
  causes_.clear();
  reached_ = Reached::kNowhere;
  brief_.clear();
  return {.step = Step::kResolve, .failure = {}};
}

Dialling::Next Dialling::resolved(std::vector<std::string> addresses, Moment now) {
  if (state_ != State::kResolving) return {};
  addresses_ = std::move(addresses);
  addresses_.resize(std::min(addresses_.size(), kMaxAddresses));
  if (addresses_.empty()) return attempt_failed("name has no address", Reached::kNowhere, now);
  return connect_next(now);
}

Dialling::Next Dialling::connect_next(Moment now) {
  state_ = State::kConnecting;
  deadline_ = now.at + kStepTimeout;
  ++tried_;
  return {.step = Step::kConnect, .failure = {}};
}

void Dialling::connected() {
  if (state_ != State::kConnecting) return;
  state_ = State::kShakingHands;  // which has a limit of its own
  deadline_.reset();
}

bool Dialling::dialled() {
  if (state_ != State::kShakingHands) return false;
  state_ = State::kResting;
  return true;
}

Dialling::Next Dialling::failed(const std::string& cause, Reached reached, Moment now) {
  if (!is_under_way()) return {};
  return attempt_failed(cause, reached, now);
}

Dialling::Next Dialling::tick(Moment now) {
  if (!deadline_ || now.at < *deadline_) return {};
  switch (state_) {
    case State::kWaiting:
      return dial(0, now);
    case State::kResolving:
      return attempt_failed("name not resolved within 10 seconds", Reached::kNowhere, now);
    case State::kConnecting:
      return attempt_failed("connection timed out", Reached::kName, now);
    case State::kResting:
    case State::kShakingHands:
    case State::kStopped:
      return {};
  }
  return {};
}

// One of the addresses that a name stands for has failed; the others may do.
Dialling::Next Dialling::attempt_failed(const std::string& cause, Reached reached, Moment now) {
  const bool is_in_vain_to_proxy =
      !settings_.proxy.empty() && (state_ == State::kResolving || state_ == State::kConnecting);
  const std::string why = (is_in_vain_to_proxy ? "proxy not reached: " : "") + cause;
  causes_ += (causes_.empty() ? "" : ", ") + which_address() + why;
  if (brief_.empty() || reached > reached_) {
    reached_ = reached;
    brief_ = why + ", " + target().to_string();
  }
  if (tried_ < addresses_.size()) return connect_next(now);
  return target_failed(now);
}

// Of those that a name, the target's or the proxy's, stands for.
std::string Dialling::which_address() const {
  const std::string name = settings_.proxy.empty() ? target().to_string() : settings_.proxy;
  const bool is_known =
      tried_ == 0 || name == addresses_[tried_ - 1] || name.ends_with("//" + addresses_[tried_ - 1]);
  if (settings_.proxy.empty()) return is_known ? "" : addresses_[tried_ - 1] + ": ";
  return "through " + name + (is_known ? "" : " (" + addresses_[tried_ - 1] + ')') + ": ";
}

Dialling::Next Dialling::target_failed(Moment now) {
  Failure failure{.address = target().to_string(),
                  .when = now.wall,
                  .cause = causes_,
                  .reached = reached_,
                  .brief = brief_};
  const auto known = std::find_if(failures_.begin(), failures_.end(),
                                  [&](const Failure& other) { return other.address == failure.address; });
  const bool news = known == failures_.end() || known->cause != failure.cause;
  if (known == failures_.end()) {
    failures_.push_back(failure);
  } else {
    *known = failure;
  }
  Next next;
  if (target_ + 1 < settings_.addresses.size()) {
    next = dial(target_ + 1, now);
  } else {
    next = give_up(State::kResting);
    start_later(now);
  }
  next.failure = std::move(failure);
  next.news = news;
  return next;
}

std::string Dialling::cause() const {
  const auto most =
      std::max_element(failures_.begin(), failures_.end(),
                       [](const Failure& a, const Failure& b) { return a.reached < b.reached; });
  return most == failures_.end() ? "not yet dialled" : most->brief;
}

}  // namespace tsmtp::link
