// What relayd tells the service manager that started it, sd_notify(3): when it serves, reloads and stops.
// Without NOTIFY_SOCKET there is nobody to tell. Must never stop relayd: a message that cannot be sent is
// dropped.
#pragma once

#include <string>

namespace tsmtp::daemon {

class Readiness {
 public:
  /// Takes NOTIFY_SOCKET out of the environment, so that no other process speaks in our name.
  Readiness();

  /// Everything is bound and relayctl is answered; `status` is one line for people.
  void ready(const std::string& status) const;
  /// ready() must follow.
  void reloading() const;
  void stopping() const;

 private:
  void tell(const std::string& message) const;

  std::string path_;  // empty: there is none; '@' begins an abstract one
};

}  // namespace tsmtp::daemon
