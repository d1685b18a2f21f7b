// The service manager that started this program, by the protocol of sd_notify(3): what it is told, and how
// often it wants to hear of us. Without NOTIFY_SOCKET there is nobody to tell. It must never stop the
// program: a message that cannot be sent is dropped, unless the caller says it again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace tsmtp::base {

class NotifySocket {
 public:
  /// Takes NOTIFY_SOCKET and those of the watchdog out of the environment, so that no other process speaks in
  /// our name.
  NotifySocket();

  enum class Patience {
    kNone,  ///< a message for which the manager has no room is dropped
    kSome,  ///< it is waited for, a second at the most
  };
  /// Assignments as sd_notify(3) has them, with line ends between: "READY=1\nSTATUS=it serves". False: the
  /// manager, or this process, has no room for it now. (Nobody who listens is nobody to be told.)
  bool tell(const std::string& message, Patience patience) const;

  /// How often it wants to hear "WATCHDOG=1", with room for one that comes late: half of what it waits.
  /// Nothing: it does not watch us.
  [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const { return watchdog_; }
  /// Somebody is told.
  [[nodiscard]] bool is_there() const { return !path_.empty(); }
  /// The variables for a process that takes the place of this one.
  [[nodiscard]] std::vector<std::string> for_successor() const;

 private:
  std::string path_;  // empty: there is none; '@' begins an abstract one
  std::optional<std::chrono::milliseconds> watchdog_;
};

}  // namespace tsmtp::base
