// This hub's own key, as it is on the disk and shown to peers. A new one is on the disk, whole, before
// anybody is told of it; and until then nothing has changed.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/base/result.h"
#include "relayd/net/tls/own_keys.h"
#include "relayd/settings/hub.h"

namespace tsmtp::daemon {

class OwnKey {
 public:
  /// As root for `owner`, who is hub.user, or as that user.
  [[nodiscard]] static base::Result<OwnKey> load(const settings::Hub& hub,
                                                 const std::optional<net::Owner>& owner);
  /// As net::text_of() wrote them.
  [[nodiscard]] static base::Result<OwnKey> parse(const settings::Hub& hub, const std::string& text);

  [[nodiscard]] const net::OwnKeys& keys() const { return keys_; }
  [[nodiscard]] const std::string& pin() const { return keys_.current->pin(); }
  /// It, and those from which it comes.
  [[nodiscard]] const std::vector<std::string>& pins() const { return keys_.current->shown().pins; }

  // Each blocks until it is on the disk. After an error the keys are what they were.
  /// A new key, to which a step leads from this one. Peers that know nothing of chains are shown the one they
  /// know for `grace`.
  [[nodiscard]] base::Result<void> rotate(base::WallTime now, std::chrono::seconds grace);
  /// A new key, to which nothing leads, instead of all others.
  [[nodiscard]] base::Result<void> replace();
  /// The earlier key is shown to nobody any more.
  [[nodiscard]] base::Result<void> retire_earlier();

 private:
  OwnKey(std::string hub_name, std::string state_dir, net::OwnKeys keys)
      : hub_name_(std::move(hub_name)), state_dir_(std::move(state_dir)), keys_(std::move(keys)) {}
  [[nodiscard]] base::Result<void> become(net::OwnKeys keys);

  std::string hub_name_;
  std::string state_dir_;
  net::OwnKeys keys_;
};

}  // namespace tsmtp::daemon
