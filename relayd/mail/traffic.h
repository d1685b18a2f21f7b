// How the mails between this hub and a site ended, in both directions, since the start: for status, and the
// advice that an administrator should see once.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "relayd/base/clock.h"
#include "relayd/base/counter_row.h"
#include "relayd/mail/refusal.h"
#include "relayd/mail/summary.h"

namespace tsmtp::mail {

/// Of one direction. A counter is a member and a row here, and its line in Traffic::count().
struct TrafficCounters {
  std::uint64_t ok = 0;
  std::uint64_t refused = 0;   ///< 5xx
  std::uint64_t deferred = 0;  ///< 4xx
  std::uint64_t bytes = 0;
  std::uint64_t link_bytes = 0;
};

using TrafficRow = base::CounterRow<TrafficCounters>;
inline constexpr std::array kTrafficRows{
    TrafficRow{.value = &TrafficCounters::ok,
               .name = "ok",
               .sentence = "mails delivered",
               .metric = "tsmtp_mails_total",
               .label = "result=\"ok\"",
               .help = "Mails by direction and how they ended."},
    TrafficRow{.value = &TrafficCounters::refused,
               .name = "refused",
               .sentence = "mails refused, 5xx",
               .words = ", {} refused",
               .metric = "tsmtp_mails_total",
               .label = "result=\"refused\""},
    TrafficRow{.value = &TrafficCounters::deferred,
               .name = "deferred",
               .sentence = "mails put off, 4xx",
               .words = ", {} deferred",
               .metric = "tsmtp_mails_total",
               .label = "result=\"deferred\""},
    TrafficRow{.value = &TrafficCounters::bytes,
               .name = "bytes",
               .sentence = "content of those delivered",
               .metric = "tsmtp_content_bytes_total",
               .help = "Bytes of mail content by direction."},
    TrafficRow{.value = &TrafficCounters::link_bytes,
               .name = "link_bytes",
               .sentence = "what the content came to on the link; with\n.Ic compress\nit is less",
               .metric = "tsmtp_content_link_bytes_total",
               .help = "What they came to on the link, compressed or not."},
};
static_assert(sizeof(TrafficCounters) == kTrafficRows.size() * sizeof(std::uint64_t),
              "every counter has a row");

class Traffic {
 public:
  struct OneWay {
    TrafficCounters counters;
    Took took{};  ///< of all of them
    std::optional<base::WallTime> last_ok{};
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
