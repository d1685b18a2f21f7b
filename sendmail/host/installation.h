// Carries plans out: each step is shown before it is made, each can be put back, and nothing stays that
// sendmail's own test mode has not proved.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sendmail/plan/files.h"

namespace tsmtp::sendmail {

struct Orders {
  std::string relayd = "/etc/tsmtp/relayd.toml";
  std::vector<std::string> only;   ///< of `on`
  std::set<std::string> released;  ///< of `update`
  bool dry_run = false;
  bool may_start = true;  ///< `on` starts a sendmail that is not running
};

/// The commands. Each has said everything when it returns, and gives an exit status of sysexits(3).
[[nodiscard]] int turn_on(const Orders& orders);
[[nodiscard]] int turn_off(const Orders& orders);
/// As the last `on`, with its options, if something has changed since. Does nothing when it is off.
[[nodiscard]] int update(const Orders& orders);
/// 0: it is on, and everything is as it should be; 1: it is off, or something is not.
[[nodiscard]] int check(const Orders& orders);

}  // namespace tsmtp::sendmail
