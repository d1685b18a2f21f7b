// How fast bytes may go on: a token bucket whose burst is what it carries in a tenth of a second, and one
// frame at least. Shared by the connections that one limit holds for together.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "relayd/base/clock.h"
#include "relayd/base/token_bucket.h"

namespace tsmtp::forward {

class Pace {
 public:
  /// 0: no limit.
  explicit Pace(std::uint64_t bytes_per_second) { set_rate(bytes_per_second); }
  void set_rate(std::uint64_t bytes_per_second);

  [[nodiscard]] bool is_limited() const { return bytes_per_second_ > 0; }
  /// How many of `wanted` bytes may go now.
  [[nodiscard]] std::size_t allowed(std::size_t wanted, base::TimePoint now) const;
  void take(std::size_t bytes, base::TimePoint now);
  /// How long until a worthwhile part of the burst may go.
  [[nodiscard]] base::Duration wait(base::TimePoint now) const;

 private:
  std::uint64_t bytes_per_second_ = 0;
  double burst_ = 1;
  base::TokenBucket tokens_{1, 1};
};

}  // namespace tsmtp::forward
