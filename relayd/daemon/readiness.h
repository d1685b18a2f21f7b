// What relayd tells the service manager that started it, sd_notify(3): when it serves, reloads and stops, how
// it stands, and that its event loop turns. Without NOTIFY_SOCKET there is nobody to tell. Must never stop
// relayd: a message that cannot be sent is dropped.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace tsmtp::daemon {

class Readiness {
 public:
  /// Takes NOTIFY_SOCKET and those of the watchdog out of the environment, so that no other process speaks in
  /// our name.
  Readiness();

  /// Everything is bound and relayctl is answered; `status` is one line for people.
  void ready(const std::string& status);
  /// ready() must follow.
  void reloading();
  void stopping(const std::string& status);
  /// One line for people, told when it is another one than before.
  void status(const std::string& status);

  /// How often the manager wants to hear alive(), with room for one that comes late: half of what it waits.
  /// Nothing: it does not watch us.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const { return watchdog_; }
  void alive() const;

  /// The service is that process from now on, which speaks for itself: nothing is told any more.
  void succeeded_by(pid_t successor);
  /// Somebody is told.
  [[nodiscard]] bool is_watched() const { return !path_.empty(); }
  /// The environment of a relayd that takes over.
  [[nodiscard]] std::vector<std::string> for_successor() const;

 private:
  enum class Patience { kNone, kSome };
  void tell(const std::string& message, Patience patience) const;

  std::string path_;  // empty: there is none; '@' begins an abstract one
  std::optional<std::chrono::milliseconds> watchdog_;
  std::string status_;
  bool is_succeeded_ = false;
};

}  // namespace tsmtp::daemon
