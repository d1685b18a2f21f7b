// A hub whose relayd is upgraded in a test: the process that serves is another one after each upgrade, and is
// nobody's child.
#pragma once

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/support/hub.h"
#include "tests/support/is_there.h"

namespace tsmtp::support {

/// relayd believes that a service manager watches it, as long as this lives.
class ServiceManager {
 public:
  explicit ServiceManager(const std::string& socket) { setenv("NOTIFY_SOCKET", socket.c_str(), 1); }
  ~ServiceManager() { unsetenv("NOTIFY_SOCKET"); }
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;
};

/// The process that serves; 0: none does.
[[nodiscard]] inline pid_t serving_process(const Hub& hub) {
  return hub.status().value("pid", 0);
}

/// Ends the process that serves, if it is not the one that the test has started.
inline void end_serving(Hub& hub) {
  const pid_t serves = serving_process(hub);
  if (serves == 0 || (hub.process().running() && serves == hub.process().pid())) return;
  kill(serves, SIGTERM);
  kill(serves, SIGTERM);
  (void)wait_until([&] { return !is_there(serves); });
}

/// One that is about to take over; 0: none is.
[[nodiscard]] inline pid_t successor_of(const Hub& hub) {
  std::error_code gone;
  pid_t newest = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid <= newest) continue;
    const std::string command = read_file(entry.path() / "cmdline");
    if (command.find(hub.config()) != command.npos && command.find("--succeed") != command.npos) newest = pid;
  }
  return newest;
}

}  // namespace tsmtp::support
