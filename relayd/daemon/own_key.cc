#include "relayd/daemon/own_key.h"

#include <algorithm>

namespace tsmtp::daemon {
namespace {

std::shared_ptr<const net::Identity> kept(net::Identity identity) {
  return std::make_shared<const net::Identity>(std::move(identity));
}

}  // namespace

base::Result<OwnKey> OwnKey::load(const settings::Hub& hub, const std::optional<net::Owner>& owner) {
  auto keys = net::load_own_keys(hub.identity, hub.state_dir, owner);
  if (!keys) return keys.error();
  return base::Result<OwnKey>(OwnKey(hub.name, hub.state_dir, std::move(*keys)));
}

base::Result<OwnKey> OwnKey::parse(const settings::Hub& hub, const std::string& text) {
  auto keys = net::parse_own_keys(text);
  if (!keys) return keys.error();
  return base::Result<OwnKey>(OwnKey(hub.name, hub.state_dir, std::move(*keys)));
}

base::Result<void> OwnKey::become(net::OwnKeys keys) {
  if (auto ok = net::save_own_keys(keys, state_dir_); !ok) return ok;
  keys_ = std::move(keys);
  return {};
}

base::Result<void> OwnKey::rotate(base::WallTime now, std::chrono::seconds grace) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  auto fresh = keys_.current->successor(hub_name_, seconds.count());
  if (!fresh) return fresh.error();
  net::OwnKeys next = keys_;
  next.current = kept(std::move(*fresh));
  // The oldest that is still shown: peers that read no chains have never seen another.
  if (!next.earlier) next.earlier = keys_.current;
  next.retires = std::max(next.retires, (seconds + grace).count());
  if (grace == std::chrono::seconds::zero()) next.earlier.reset();
  return become(std::move(next));
}

base::Result<void> OwnKey::replace() {
  auto fresh = net::Identity::make(hub_name_);
  if (!fresh) return fresh.error();
  return become({.current = kept(std::move(*fresh)), .first_pin = keys_.first_pin});
}

base::Result<void> OwnKey::retire_earlier() {
  net::OwnKeys next = keys_;
  next.earlier.reset();
  next.retires = 0;
  return become(std::move(next));
}

}  // namespace tsmtp::daemon
