// How fast a site may send (P6): so many mails and bytes a second in the long run, and a burst of ten
// seconds' worth when it has been quiet. A mail beyond that is refused with 451 at MAIL, and our MTA, or the
// far one, tries it again; a mail that was let in is never held up in its middle. Time is handed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "relayd/base/clock.h"
#include "relayd/base/token_bucket.h"
#include "relayd/settings/site.h"
#include "relayd/smtp/reply.h"

namespace tsmtp::policy {

/// Mails and content bytes a second, for one site in one direction.
class RateLimit {
 public:
  explicit RateLimit(const settings::Rates& rates) { set_rates(rates); }

  void set_rates(const settings::Rates& rates);

  /// May another mail begin? The reply that refuses it, or nothing: it is counted then. `site` begins the
  /// text.
  [[nodiscard]] std::optional<smtp::Reply> begin_mail(std::string_view site, base::TimePoint now);
  /// How many mails were refused since the start.
  [[nodiscard]] std::uint64_t refused() const { return refused_; }
  void count_bytes(std::uint64_t bytes, base::TimePoint now) { take(bytes_, bytes, now); }

 private:
  struct Rate {
    std::uint64_t per_second = 0;
    base::TokenBucket tokens{0, 0};
  };
  static void set(Rate& rate, std::uint64_t per_second);
  static void take(Rate& rate, std::uint64_t amount, base::TimePoint now);
  [[nodiscard]] static base::Duration wait(const Rate& rate, base::TimePoint now);

  Rate mails_;
  Rate bytes_;
  std::uint64_t refused_ = 0;
};

}  // namespace tsmtp::policy
