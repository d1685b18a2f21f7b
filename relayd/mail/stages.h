// The points in the life of a transaction that somebody waits for, and when each was reached: what relayctl
// trace shows, and what a hub tells the near side of a mail that came from it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "relayd/base/clock.h"

namespace tsmtp::mail {

/// Sent in records (docs/protocol.md, "Traces"), so a number keeps its meaning.
enum class Stage : std::uint8_t {
  kBegun = 0,         ///< near: our MTA has said MAIL. Far: the first record came
  kConnected = 1,     ///< far: there is a connection to our MTA
  kEnvelope = 2,      ///< DATA is answered: to the near MTA, or by the far one
  kEndOfContent = 3,  ///< the last of the content came
  kClaimed = 4,       ///< far: no other hub of the site may deliver it any more
  kReplied = 5,       ///< the final reply came: from the far hub, or from its MTA
  kRemembered = 6,    ///< near: the doubt is on disk, and the end of content leaves. Far: the outcome is
  kAnswered = 7,      ///< the near MTA, or the near hub, was given the final reply
};
inline constexpr std::size_t kStages = 8;

class Stages {
 public:
  /// Only the first time counts: one that is tried again has been waited for since then.
  void reached(Stage stage, base::TimePoint now) {
    auto& time = times_.at(static_cast<std::size_t>(stage));
    if (!time) time = now;
  }
  [[nodiscard]] std::optional<base::TimePoint> at(Stage stage) const {
    return times_.at(static_cast<std::size_t>(stage));
  }

 private:
  std::array<std::optional<base::TimePoint>, kStages> times_{};
};

}  // namespace tsmtp::mail
