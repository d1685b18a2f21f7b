#include "relayd/daemon/refused_keys.h"

#include <algorithm>
#include <iterator>

namespace tsmtp::daemon {
namespace {

constexpr std::size_t kMaxKeys = 8;

}  // namespace

void RefusedKeys::add(const std::string& pin, const std::string& address, base::WallTime now) {
  ++count_;
  auto known = std::find_if(last_.begin(), last_.end(), [&](const auto& key) { return key.pin == pin; });
  if (known == last_.end()) {
    if (last_.size() == kMaxKeys) last_.pop_front();
    last_.push_back({.pin = pin, .address = {}, .last = {}, .times = 0});
    known = std::prev(last_.end());
  }
  known->address = address;
  known->last = now;
  ++known->times;
}

}  // namespace tsmtp::daemon
