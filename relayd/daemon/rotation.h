// Rotation of this hub's key: by `relayctl rotate` or by itself, which sites have confirmed the new one, and
// when the one before is retired. No site is left behind unless it was named before, and the administrator
// said yes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "relayd/base/log.h"
#include "relayd/control/status.h"
#include "relayd/daemon/hub_keys.h"
#include "relayd/daemon/own_key.h"
#include "relayd/daemon/rotation_clock.h"
#include "relayd/keys/rotating.h"
#include "relayd/net/keys/key_keeper.h"

namespace tsmtp::daemon {

class Rotation : public net::KeyKeeper {
 public:
  struct Host {
    /// All sites that have a key which is not revoked.
    std::function<std::vector<keys::Following>()> sites;
    /// What this hub shows is another key from now on.
    std::function<void()> changed;
    /// This relayd alone has our key to write. Empty: it has.
    std::function<bool()> may_change{};
  };

  /// `known` and `log` are borrowed and outlive it.
  Rotation(HubKeys& known, base::Logger& log, Host host);

  /// Before anything else; as OwnKey::load(). `lent`: the keys of the relayd from which this one takes over,
  /// in case they cannot be read; empty: none.
  [[nodiscard]] base::Result<void> load(const settings::Hub& hub, const std::optional<net::Owner>& owner,
                                        const std::string& lent = {});
  [[nodiscard]] const OwnKey& own() const { return *own_; }

  /// The reply to relayctl. `asked`: as control/rotate_request has it.
  [[nodiscard]] std::string rotate(std::string_view asked);
  /// Retires what is to be retired, and replaces the key if it is older than `every`; 0: never. To be called
  /// now and then.
  void tend(std::chrono::seconds every, base::WallTime wall, base::TimePoint now);

  void learn(const std::string& site, const keys::Shown& shown) override;
  [[nodiscard]] bool has_confirmed(const std::string& site) const override;
  void confirmed(const std::string& site, const std::string& pin) override;

  [[nodiscard]] control::OwnKeyStatus status() const;

 private:
  /// clock_ has looked.
  [[nodiscard]] base::Result<void> become_new(std::chrono::seconds grace, base::WallTime wall);
  [[nodiscard]] std::string replace_compromised(bool says_yes);
  void rotate_by_itself(base::WallTime wall);
  void retire();
  [[nodiscard]] bool have_all_confirmed() const;

  HubKeys& known_;
  base::Logger& log_;
  Host host_;
  std::unique_ptr<OwnKey> own_;
  RotationClock clock_;
  std::string trouble_;  // why it did not rotate by itself; empty: nothing is wrong
};

}  // namespace tsmtp::daemon
