// What relayd tells the service manager that started it: when it serves, reloads and stops, how it stands,
// and that its event loop turns.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "relayd/base/notify_socket.h"

namespace tsmtp::daemon {

class Readiness {
 public:
  /// Everything is bound and relayctl is answered; `status` is one line for people.
  void ready(const std::string& status);
  /// ready() must follow.
  void reloading();
  void stopping(const std::string& status);
  /// One line for people, told when it is another one than before.
  void status(const std::string& status);

  /// How often the manager wants to hear alive(), with room for one that comes late: half of what it waits.
  /// Nothing: it does not watch us.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const {
    return manager_.watchdog_interval();
  }
  void alive() const;

  /// The service is that process from now on, which speaks for itself: nothing is told any more. False: the
  /// manager has no room for it, and takes our end for the service's until it is said again. Waits for
  /// nothing.
  [[nodiscard]] bool succeeded_by(pid_t successor);
  /// It was told so.
  [[nodiscard]] bool is_succeeded() const { return is_succeeded_; }
  /// Somebody is told.
  [[nodiscard]] bool is_watched() const { return manager_.is_there(); }
  /// The environment of a relayd that takes over.
  [[nodiscard]] std::vector<std::string> for_successor() const { return manager_.for_successor(); }

 private:
  void tell(const std::string& message, base::NotifySocket::Patience patience) const;

  base::NotifySocket manager_;
  std::string status_;
  bool is_succeeded_ = false;
};

}  // namespace tsmtp::daemon
