#include "relayd/mux/standstill.h"

#include <gtest/gtest.h>

#include <vector>

namespace tsmtp::mux {
namespace {

using namespace std::chrono_literals;
using Change = Standstill::Change;
using base::Duration;
using base::TimePoint;

const TimePoint kStart{1h};
constexpr Duration kSampleEvery = 250ms;

/// A connection that has something to say, as its kernel sees it, in virtual time.
class Line : public ::testing::Test {
 protected:
  /// Sends, and nothing comes back from then on; the first timer runs out after `timeout`.
  void send_into_nothing(Duration timeout) {
    standstill_.sent(now_);
    sent_ = now_;
    timeout_ = timeout;
  }
  /// All is acknowledged.
  [[nodiscard]] Change acknowledge() {
    heard_ = now_;
    return standstill_.sample({.outstanding = false, .silence = 0s, .timeouts_in_row = 0}, now_);
  }
  /// What is known now, with the timers that have run out: after one time-out, three, seven of the first
  /// length.
  [[nodiscard]] Change look() {
    unsigned timeouts = 0;
    for (Duration sum = timeout_; now_ - sent_ >= sum; sum = 2 * sum + timeout_)
      ++timeouts;
    return standstill_.sample({.outstanding = true, .silence = now_ - heard_, .timeouts_in_row = timeouts},
                              now_);
  }
  /// How long after sending it was found to stand still; a minute: never.
  [[nodiscard]] Duration found_after() {
    for (; now_ - sent_ < 1min; now_ += kSampleEvery)
      if (look() == Change::kStandsStill) break;
    return now_ - sent_;
  }

  Standstill standstill_;
  TimePoint now_ = kStart;
  TimePoint heard_ = kStart;
  TimePoint sent_ = kStart;
  Duration timeout_ = 220ms;
};

TEST_F(Line, StandsStillWhenSeveralTriesInARowWereNotAnswered) {
  send_into_nothing(220ms);
  EXPECT_EQ(found_after(), 1500ms);
  ASSERT_TRUE(standstill_.since());
  EXPECT_EQ(*standstill_.since(), kStart);
  EXPECT_TRUE(standstill_.is_watching());
}

TEST_F(Line, ThatIsLongHasItsTime) {
  send_into_nothing(1200ms);  // a round trip of 600 ms that varies
  EXPECT_EQ(found_after(), 3750ms);
}

TEST_F(Line, IsFoundToStandStillOnce) {
  send_into_nothing(220ms);
  (void)found_after();
  now_ += kSampleEvery;
  EXPECT_EQ(look(), Change::kNone);
}

// An idle link is silent too.
TEST_F(Line, SilenceBeforeAnythingWasSentSaysNothing) {
  now_ += 9s;
  send_into_nothing(220ms);
  EXPECT_EQ(found_after(), 1500ms);
  EXPECT_EQ(*standstill_.since(), kStart + 9s);
}

TEST_F(Line, OneTimerThatRanOutIsALossAndNoStandstill) {
  standstill_.sent(now_);
  now_ += 5s;
  EXPECT_EQ(standstill_.sample({.outstanding = true, .silence = 5s, .timeouts_in_row = 1}, now_),
            Change::kNone);
}

// Each packet is lost many times, but something comes: a duplicate acknowledgement, data of the peer.
TEST_F(Line, ThatLosesMuchMovesAsLongAsSomethingComes) {
  standstill_.sent(now_);
  for (int i = 0; i < 100; ++i) {
    now_ += kSampleEvery;
    ASSERT_EQ(standstill_.sample({.outstanding = true, .silence = 1400ms, .timeouts_in_row = 5}, now_),
              Change::kNone);
  }
}

// Full queues: answers come late, but their timer knows.
TEST_F(Line, ThatIsCongestedMovesAsLongAsTheTimerWaits) {
  standstill_.sent(now_);
  for (int i = 0; i < 40; ++i) {
    now_ += kSampleEvery;
    ASSERT_EQ(standstill_.sample({.outstanding = true, .silence = now_ - kStart, .timeouts_in_row = 0}, now_),
              Change::kNone);
  }
}

TEST_F(Line, MovesWhenAllIsAcknowledged) {
  send_into_nothing(220ms);
  (void)found_after();
  now_ += 3s;
  EXPECT_EQ(acknowledge(), Change::kMoves);
  EXPECT_FALSE(standstill_.since());
  EXPECT_FALSE(standstill_.is_watching());
}

TEST_F(Line, MovesWhenSomethingNewIsAcknowledgedThoughMoreWaits) {
  send_into_nothing(220ms);
  (void)found_after();
  now_ += 3s;
  EXPECT_EQ(standstill_.sample({.outstanding = true, .silence = 10ms, .timeouts_in_row = 0}, now_),
            Change::kMoves);
  EXPECT_TRUE(standstill_.is_watching());
  EXPECT_FALSE(standstill_.since());
}

TEST_F(Line, WhatCameLateWithoutAcknowledgingAnythingIsNoMovement) {
  send_into_nothing(220ms);
  (void)found_after();
  now_ += kSampleEvery;
  EXPECT_EQ(standstill_.sample({.outstanding = true, .silence = 10ms, .timeouts_in_row = 3}, now_),
            Change::kNone);
}

TEST_F(Line, MayStandStillAgain) {
  send_into_nothing(220ms);
  (void)found_after();
  ASSERT_EQ(acknowledge(), Change::kMoves);
  now_ += 1h;
  send_into_nothing(220ms);
  EXPECT_EQ(found_after(), 1500ms);
}

TEST_F(Line, IsNotWatchedWhileNothingWaits) {
  EXPECT_FALSE(standstill_.is_watching());
  standstill_.sent(now_);
  EXPECT_TRUE(standstill_.is_watching());
  EXPECT_EQ(acknowledge(), Change::kNone);
  EXPECT_FALSE(standstill_.is_watching());
}

}  // namespace
}  // namespace tsmtp::mux
