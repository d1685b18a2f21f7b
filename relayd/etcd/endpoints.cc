#include "relayd/etcd/endpoints.h"

#include <algorithm>
#include <utility>

namespace tsmtp::etcd {

Endpoints::Endpoints(std::vector<std::string> names) : names_(std::move(names)), causes_(names_.size()) {}

void Endpoints::served(std::size_t endpoint) {
  if (endpoint != current_ || phase_ == Phase::kResting) return;
  phase_ = Phase::kServing;
  failures_ = 0;
  is_down_ = false;
  failing_since_.reset();
  rest_ = kFirstRest;
  std::fill(causes_.begin(), causes_.end(), std::string());
}

void Endpoints::failed(std::size_t endpoint, std::string cause, base::TimePoint now) {
  if (endpoint != current_ || phase_ == Phase::kResting) return;
  causes_[endpoint] = std::move(cause);
  if (!failing_since_) failing_since_ = now;
  // One that has served may do so again at once, on another connection: this was no try of the round.
  if (phase_ == Phase::kTrying) ++failures_;
  current_ = (current_ + 1) % names_.size();
  phase_ = Phase::kTrying;
  if (failures_ < names_.size()) return;
  failures_ = 0;
  is_down_ = true;
  phase_ = Phase::kResting;
  rests_until_ = now + rest_;
  rest_ = std::min(2 * rest_, kLongestRest);
}

void Endpoints::tick(base::TimePoint now) {
  if (phase_ == Phase::kResting && now >= rests_until_) phase_ = Phase::kTrying;
}

std::optional<base::TimePoint> Endpoints::down_since() const {
  return is_down_ ? failing_since_ : std::nullopt;
}

std::optional<base::TimePoint> Endpoints::deadline() const {
  if (phase_ != Phase::kResting) return {};
  return rests_until_;
}

std::string Endpoints::cause() const {
  constexpr std::size_t kMaxNamed = 5;
  std::string out;
  std::size_t named = 0;
  for (std::size_t i = 0; i < names_.size() && named < kMaxNamed; ++i) {
    if (causes_[i].empty()) continue;
    out += (out.empty() ? "etcd at " : "; ") + names_[i] + ' ' + causes_[i];
    ++named;
  }
  return out.empty() ? "etcd at " + names_[current_] + " has not answered yet" : out;
}

}  // namespace tsmtp::etcd
