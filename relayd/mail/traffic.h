// How the mails between this hub and a site ended, in both directions, since the start: for status, and the
// advice that an administrator should see once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/mail/refusal.h"
#include "relayd/mail/summary.h"

namespace tsmtp::mail {

class Traffic {
 public:
  struct OneWay {
    std::uint64_t ok = 0, refused = 0, deferred = 0, bytes = 0;
    std::uint64_t link_bytes = 0;  ///< what became of `bytes` on the link
    std::optional<Refusal> last_refused{};
    base::WallTime last_refused_at{};
  };

  /// Takes a mail into account. Returns advice that the last refusal before it did not bear. `hub` and `site`
  /// are the names of both ends.
  [[nodiscard]] std::optional<std::string> count(const Summary& summary, const std::string& hub,
                                                 const std::string& site, base::WallTime now);

  [[nodiscard]] const OneWay& out() const { return out_; }
  [[nodiscard]] const OneWay& in() const { return in_; }

 private:
  OneWay out_;
  OneWay in_;
};

}  // namespace tsmtp::mail
