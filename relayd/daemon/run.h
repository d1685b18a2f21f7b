// relayd from its arguments to its exit status.
#pragma once

#include <string>
#include <vector>

namespace tsmtp::daemon {

struct Options {
  std::string config_file = "/etc/tsmtp/relayd.toml";
  std::vector<std::string> overrides;  ///< --set
  bool check_only = false;
  bool foreground = false;
  bool hold_endpoints = false;
};

/// Runs until told to stop. Returns an exit status of sysexits(3).
[[nodiscard]] int run(const Options& options);

}  // namespace tsmtp::daemon
