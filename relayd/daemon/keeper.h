// The process that a supervisor has started (--foreground), once another relayd has taken over from it. A
// supervisor takes its end for relayd's, so it stays: it passes signals on to the relayd that serves, and
// ends as that ends. Must never end while a relayd serves. (A service manager that listens to sd_notify(3) is
// told MAINPID= instead.)
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "relayd/base/descriptor.h"

namespace tsmtp::daemon {

class Keeper {
 public:
  /// What a relayd says at the end that it is lent when it begins to serve; its process number follows.
  static constexpr const char* kServes = "serves ";

  /// All that descends from this process comes back to it (prctl(2), PR_SET_CHILD_SUBREAPER). What cannot be
  /// done is said; empty: nothing.
  [[nodiscard]] std::string adopt();
  /// For the relayd that takes over. This process's end, or that of all who have got it, is its peers' to
  /// see.
  [[nodiscard]] int end_to_lend() const { return lent_.get(); }

  /// Waits for those that have ended of all that came back; not for our own children, of whom somebody else
  /// wants to know how they ended.
  void reap_adopted(const std::function<bool(pid_t)>& is_own) const;

  /// That process serves from now on, or none but this.
  void served_by(pid_t process) { serves_ = process; }
  [[nodiscard]] bool is_needed() const { return serves_ > 0; }
  /// To the one that serves.
  void pass_on(int signal) const;

  /// From now on a signal waits for keep(), or for nobody. To be called while the loop that had them still
  /// exists.
  static void hold_signals();
  /// Returns when no relayd is left: the exit status.
  [[nodiscard]] int keep();

 private:
  void hear();
  void reap();

  base::Descriptor signalled_;
  base::Descriptor told_;  // what those who got the other end say
  base::Descriptor lent_;
  pid_t serves_ = 0;
  int status_ = 0;  // of the last one that served
};

}  // namespace tsmtp::daemon
