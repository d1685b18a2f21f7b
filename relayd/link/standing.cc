#include "relayd/link/standing.h"

namespace tsmtp::link {
namespace {

constexpr std::chrono::seconds kPause{5};
// The cause that broke the connection may have broken the first try to dial too.
constexpr std::chrono::seconds kWhateverComes{1};

}  // namespace

void Standing::up(Moment now) {
  state_ = State::kUp;
  since_ = now.wall;
  cause_.clear();
  pause_until_.reset();
}

void Standing::interrupted(const std::string& cause, Moment now) {
  state_ = State::kInterrupted;
  since_ = now.wall;
  cause_ = cause;
  interrupted_ = now.at;
  pause_until_ = now.at + kPause;
}

void Standing::down(const std::string& cause, Moment now) {
  if (state_ == State::kUp) since_ = now.wall;  // else it is down since it was interrupted
  state_ = State::kDown;
  cause_ = cause;
  pause_until_.reset();
}

void Standing::learn(const std::string& cause) {
  if (state_ != State::kUp) cause_ = cause;
}

bool Standing::dial_failed(Moment now) {
  if (!is_paused() || now.at - interrupted_ < kWhateverComes) return false;
  pause_until_.reset();
  return true;
}

bool Standing::tick(base::TimePoint now) {
  if (!is_paused() || now < *pause_until_) return false;
  pause_until_.reset();
  return true;
}

}  // namespace tsmtp::link
