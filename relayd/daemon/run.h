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
  std::string program{};  ///< the path by which we were executed; run() finds it
  int succeed = -1;       ///< the socket of the relayd from which this one takes over
};

/// Runs until told to stop. Returns an exit status of sysexits(3).
[[nodiscard]] int run(const Options& options);

}  // namespace tsmtp::daemon
