// When a content that changes is published: after a burst of edits, but soon, and now and then although
// nothing has changed. Handed the time; asks no clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

namespace tsmtp::mailertable {

class PublishingPace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// The content has changed.
  void changed(Time now) {
    if (!first_) first_ = now;
    last_ = now;
  }

  /// It is published, or was tried.
  void published(Time now) {
    first_.reset();
    next_ = now + kAnyhow;
  }

  /// When to publish what there is; the end of time if there was nothing yet.
  [[nodiscard]] Time due() const {
    return first_ ? std::min({last_ + kQuiet, *first_ + kLongest, next_}) : next_;
  }

 private:
  static constexpr std::chrono::milliseconds kQuiet{300};     ///< no further edit for so long ends a burst
  static constexpr std::chrono::milliseconds kLongest{2000};  ///< a burst that does not end
  static constexpr std::chrono::seconds kAnyhow{60};  ///< relayd.toml and local texts may have changed

  std::optional<Time> first_;  ///< of the changes that are not published
  Time last_;
  Time next_ = Time::max();
};

}  // namespace tsmtp::mailertable
