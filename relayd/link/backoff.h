// How long to wait before the next try: doubling, with jitter so that two hubs (or two hundred) do not keep
// step, up to a limit.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace tsmtp::link {

class Backoff {
 public:
  using Milliseconds = std::chrono::milliseconds;

  Backoff(Milliseconds first, Milliseconds limit, unsigned seed)
      : first_(first), limit_(limit), next_(first), random_(seed) {}

  /// The wait before the next try: between half and all of the current step, which doubles.
  [[nodiscard]] Milliseconds next() {
    std::uniform_int_distribution<Milliseconds::rep> jitter(next_.count() / 2, next_.count());
    next_ = std::min(next_ * 2, limit_);
    return Milliseconds(jitter(random_));
  }

  /// A try went well.
  void reset() { next_ = first_; }

 private:
  Milliseconds first_;
  Milliseconds limit_;
  Milliseconds next_;
  std::minstd_rand random_;
};

}  // namespace tsmtp::link
