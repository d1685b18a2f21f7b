// How fast a site may send (P6). A token bucket: so many a second in the long run, and a burst of ten
// seconds' worth when it has been quiet. What is over is refused with 451 at MAIL, and our MTA, or the far
// one, tries again; a mail that was let in is never held up in its middle. Time is handed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::policy {

/// A rate and what is left of it.
class TokenBucket {
 public:
  /// `per_second` 0: no limit.
  explicit TokenBucket(std::uint64_t per_second) : per_second_(per_second) {}

  /// Another rate from now on; what was used stays used.
  void set_rate(std::uint64_t per_second) { per_second_ = per_second; }
  [[nodiscard]] std::uint64_t rate() const { return per_second_; }
  /// How long until something may be taken; zero: at once.
  [[nodiscard]] base::Duration wait(base::TimePoint now);
  /// Takes `amount`, whether or not it is there: what is missing has to be waited for.
  void take(std::uint64_t amount, base::TimePoint now);

 private:
  void refill(base::TimePoint now);

  std::uint64_t per_second_;
  double used_ = 0;  // of the burst; over it: in debt
  std::optional<base::TimePoint> refilled_;
};

/// Mails and content bytes a second, for one site in one direction.
class RateLimit {
 public:
  /// 0: no limit.
  RateLimit(std::uint64_t mails_per_second, std::uint64_t bytes_per_second)
      : mails_(mails_per_second), bytes_(bytes_per_second) {}

  void set_rates(std::uint64_t mails_per_second, std::uint64_t bytes_per_second);

  /// May another mail begin? The reply that refuses it, or nothing: it is counted then. `site` begins the
  /// text.
  [[nodiscard]] std::optional<smtp::Reply> begin_mail(std::string_view site, base::TimePoint now);
  void count_bytes(std::uint64_t bytes, base::TimePoint now) { bytes_.take(bytes, now); }

 private:
  TokenBucket mails_;
  TokenBucket bytes_;
};

}  // namespace tsmtp::policy
