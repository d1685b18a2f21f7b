// The log of connections that were refused at the link port. Others decide how often they come; they must not
// decide how long our log gets.
#pragma once

#include <cstdint>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/base/log.h"

namespace tsmtp::daemon {

class RefusalLog {
 public:
  /// `log` is borrowed.
  explicit RefusalLog(base::Logger& log) : log_(log) {}
  void refused(const std::string& peer, const std::string& cause, base::TimePoint now);
  /// All of them, whether logged or not.
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  base::Logger& log_;
  base::TimePoint minute_began_{};
  std::uint64_t in_this_minute_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace tsmtp::daemon
