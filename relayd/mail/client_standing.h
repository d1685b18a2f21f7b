// How one client treats the mails that it begins. To begin mails and give them up costs the link a Reset
// each, of which the peer permits few: it is the client who does it that waits, not the others.
#pragma once

#include <algorithm>
#include <chrono>

#include "relayd/base/clock.h"
#include "relayd/base/token_bucket.h"

namespace tsmtp::mail {

class ClientStanding {
 public:
  /// In the order in which they get their turn when the link is short of Resets.
  enum class Rank { kProven, kUnknown, kWasteful };

  /// What has to be left of the Resets that the peer permits, as a part of them, for a client of that rank to
  /// begin a mail: the last ones are for those who need them least.
  [[nodiscard]] static double resets_wanted(Rank rank) {
    switch (rank) {
      case Rank::kProven:
        return 0.05;
      case Rank::kUnknown:
        return 0.25;
      case Rank::kWasteful:
        return 0.5;
    }
    return 0;
  }

  void gave_up(base::TimePoint now) {
    given_up_.take(1, now);
    given_up_.give_back(std::max(0.0, given_up_.last_used() - kRemembered));
    const double over = given_up_.last_used() - kFree;
    if (over <= 0) return;
    const auto wait = std::min(kStep * static_cast<int>(over), kLongestWait);
    not_before_ = now + wait;
  }
  void finished_mail() {
    has_finished_ = true;
    given_up_.give_back(kForMail);
  }
  /// Until when its next mail has to wait, whatever the others do.
  [[nodiscard]] base::TimePoint not_before() const { return not_before_; }
  /// Time passes.
  void forgive(base::TimePoint now) { given_up_.take(0, now); }
  /// Nothing that was given up is held against it any more.
  [[nodiscard]] bool is_clean() const { return given_up_.last_used() == 0; }
  [[nodiscard]] Rank rank() const {
    const double given_up = given_up_.last_used();
    if (given_up >= kWasteful) return Rank::kWasteful;
    return has_finished_ && given_up < 1 ? Rank::kProven : Rank::kUnknown;
  }

 private:
  // An MTA gives a mail up now and then; one that finishes others in between may do so as often as it likes.
  static constexpr double kFree = 10, kWasteful = 3, kForMail = 2, kForgivenPerSecond = 0.5,
                          kRemembered = 60;  // two minutes
  static constexpr std::chrono::milliseconds kStep{100};
  static constexpr std::chrono::milliseconds kLongestWait{3000};

  base::TokenBucket given_up_{kForgivenPerSecond, kFree};
  bool has_finished_ = false;
  base::TimePoint not_before_{};
};

}  // namespace tsmtp::mail
