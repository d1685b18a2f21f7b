#include "relayd/daemon/readiness.h"

#include <ctime>
#include <utility>

namespace tsmtp::daemon {

using Patience = base::NotifySocket::Patience;

void Readiness::ready(const std::string& status) {
  status_ = status;
  tell("READY=1\nSTATUS=" + status, Patience::kSome);
}

void Readiness::reloading() {
  // Type=notify-reload wants to know since when.
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  status_ = "reloading";
  tell("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1'000) +
           "\nSTATUS=" + status_,
       Patience::kSome);
}

void Readiness::stopping(const std::string& status) {
  status_ = status;
  tell("STOPPING=1\nSTATUS=" + status, Patience::kSome);
}

void Readiness::status(const std::string& status) {
  if (status == std::exchange(status_, status)) return;
  tell("STATUS=" + status, Patience::kNone);
}

void Readiness::alive() const {
  tell("WATCHDOG=1", Patience::kNone);
}

// Only the main process is heard, which we are until this is read. The successor has the whole of the
// watchdog's time to be heard first.
bool Readiness::succeeded_by(pid_t successor) {
  if (!is_succeeded_)
    is_succeeded_ = manager_.tell("WATCHDOG=1\nMAINPID=" + std::to_string(successor), Patience::kNone);
  return is_succeeded_;
}

void Readiness::tell(const std::string& message, Patience patience) const {
  if (!is_succeeded_) manager_.tell(message, patience);
}

}  // namespace tsmtp::daemon
