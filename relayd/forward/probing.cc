#include "relayd/forward/probing.h"

namespace tsmtp::forward {
namespace {

constexpr std::chrono::seconds kAskInterval{1};
constexpr std::chrono::seconds kConnectWhileSilent{2};
// A service notes each connection in its log.
constexpr std::chrono::seconds kConnectWhileAnswering{30};

bool is_past(const std::optional<base::TimePoint>& last, base::Duration interval, base::TimePoint now) {
  return !last || now - *last >= interval;
}

}  // namespace

Probing::Step Probing::due(base::TimePoint now) const {
  if (is_connecting_) return Step::kNothing;
  if (is_local_ && !is_doubtful_ && is_past(asked_, kAskInterval, now)) return Step::kAskKernel;
  if (is_local_ && !is_doubtful_ && !wants_connect_) return Step::kNothing;
  const base::Duration interval = answers_.value_or(false) ? kConnectWhileAnswering : kConnectWhileSilent;
  return is_past(tried_, interval, now) ? Step::kConnect : Step::kNothing;
}

// One that stops to listen is tried at once, for its cause.
void Probing::kernel_says(bool listens, base::TimePoint now) {
  asked_ = now;
  if (listens) {
    wants_connect_ = false;
    answers_ = true;
    cause_.clear();
    return;
  }
  if (!wants_connect_) tried_.reset();
  wants_connect_ = true;
}

void Probing::connected(base::TimePoint now) {
  is_connecting_ = false;
  is_doubtful_ = false;
  tried_ = now;
  answers_ = true;
  cause_.clear();
}

void Probing::failed(const std::string& cause, base::TimePoint now) {
  is_connecting_ = false;
  is_doubtful_ = is_local_ && !wants_connect_;
  tried_ = now;
  answers_ = false;
  cause_ = cause;
}

}  // namespace tsmtp::forward
