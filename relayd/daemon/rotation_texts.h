// What an administrator is told of a rotation: what speaks against it, and what came of it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "relayd/base/clock.h"
#include "relayd/keys/rotating.h"

namespace tsmtp::daemon {

/// Why it is not done without a yes; empty: nothing speaks against it.
[[nodiscard]] std::string objection_to(const keys::Rotating& plan, std::chrono::seconds grace);

struct Rotated {
  std::string before, after;  ///< pins
  std::vector<keys::Following> sites;
  std::chrono::seconds grace;
  base::WallTime retires, now;
};
[[nodiscard]] std::string rotated_text(const Rotated& rotated);

// With --compromised: without a yes, and with it.
[[nodiscard]] std::string before_compromised_text(const std::vector<keys::Following>& sites);
[[nodiscard]] std::string compromised_text(const std::string& before, const std::string& after,
                                           const std::vector<keys::Following>& sites);

}  // namespace tsmtp::daemon
