// How long something took in all that may begin several times.
#pragma once

#include <optional>
#include <utility>

#include "relayd/base/clock.h"

namespace tsmtp::mail {

class Stopwatch {
 public:
  /// Goes on if it runs.
  void begin(base::TimePoint now) {
    if (!since_) since_ = now;
  }
  void end(base::TimePoint now) {
    if (const auto since = std::exchange(since_, {})) before_ += now - *since;
  }
  /// That which still runs included.
  [[nodiscard]] base::Duration all(base::TimePoint now) const {
    return before_ + (since_ ? now - *since_ : base::Duration{});
  }

 private:
  std::optional<base::TimePoint> since_;
  base::Duration before_{};
};

}  // namespace tsmtp::mail
