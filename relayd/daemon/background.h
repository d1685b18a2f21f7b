// Into the background, in the manner of daemons: the process that started us waits until we serve, and gets
// our exit status if we never do.
#pragma once

#include "relayd/base/result.h"

namespace tsmtp::daemon {

class Background {
 public:
  /// Forks. The parent waits for the child's word in here and exits with 0, or with the child's status. The
  /// child returns, leader of a session of its own, its standard error still that of the parent until
  /// ready(). Must be called before there are threads.
  [[nodiscard]] static base::Result<Background> enter();

  /// Tells the parent that all is well, and lets go of the terminal; of standard error only if `keep_stderr`
  /// is not set.
  void ready(bool keep_stderr);

 private:
  explicit Background(int pipe) : pipe_(pipe) {}
  int pipe_;
};

}  // namespace tsmtp::daemon
