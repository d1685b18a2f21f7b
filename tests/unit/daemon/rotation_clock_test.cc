// The age of a key is told by a clock that may jump: a jump rotates nothing, and never twice.
#include "relayd/daemon/rotation_clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace tsmtp::daemon {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds kHalfAYear = hours(180 * 24);

class Clock : public testing::Test {
 protected:
  /// Time passes, and is looked at now and then.
  void pass(std::chrono::minutes time) {
    for (auto passed = minutes(0); passed < time; passed += minutes(1)) {
      wall += minutes(1);
      now += minutes(1);
      clock.look(wall, now);
    }
  }
  void jump(hours by) {
    wall += by;
    clock.look(wall, now);
  }
  [[nodiscard]] std::int64_t made(hours ago) const {
    return std::chrono::duration_cast<seconds>((wall - ago).time_since_epoch()).count();
  }

  base::WallTime wall{hours(24 * 365 * 50)};
  base::TimePoint now{hours(1)};
  RotationClock clock{wall, now};
};

TEST_F(Clock, OldKeyIsDueOnceTheClockHasProvedItself) {
  pass(hours(7));
  EXPECT_FALSE(clock.is_due(made(hours(181 * 24)), kHalfAYear));
  pass(hours(2));
  EXPECT_TRUE(clock.is_due(made(hours(181 * 24)), kHalfAYear));
  EXPECT_FALSE(clock.is_due(made(hours(179 * 24)), kHalfAYear));
  EXPECT_FALSE(clock.is_due(made(hours(181 * 24)), seconds(0))) << "never";
}

TEST_F(Clock, TimeInTheFileThatNoClockCanShowIsHeldToBeTheNearest) {
  pass(hours(9));
  EXPECT_TRUE(clock.is_due(std::numeric_limits<std::int64_t>::min(), kHalfAYear));
  EXPECT_FALSE(clock.is_due(std::numeric_limits<std::int64_t>::max(), kHalfAYear));
}

TEST_F(Clock, JumpMakesNothingDueUntilItHasLasted) {
  const std::int64_t key = made(hours(1));
  pass(hours(9));
  jump(hours(24 * 400));
  EXPECT_FALSE(clock.is_due(key, kHalfAYear));
  pass(hours(1));
  jump(-hours(24 * 400));
  pass(hours(9));
  EXPECT_FALSE(clock.is_due(key, kHalfAYear));
}

TEST_F(Clock, WhatWasTriedIsPutOffForADay) {
  pass(hours(9));
  clock.put_off();
  EXPECT_FALSE(clock.is_due(made(hours(181 * 24)), kHalfAYear));
  pass(hours(25));
  EXPECT_TRUE(clock.is_due(made(hours(181 * 24)), kHalfAYear));
}

// By a clock that was wrong then: else it would be due in years only.
TEST_F(Clock, KeyOfTheFutureIsAsOldAsThisRelayd) {
  const std::int64_t key = made(-hours(24 * 3650));
  pass(hours(9));
  EXPECT_FALSE(clock.is_due(key, hours(10)));
  pass(hours(2));
  EXPECT_TRUE(clock.is_due(key, hours(10)));
}

TEST_F(Clock, EarlierKeyIsOverAfterItsGraceWhateverTheClockSays) {
  clock.look(wall, now);
  const std::int64_t retires = made(-hours(2));
  clock.replaced(retires);
  jump(hours(24 * 400));
  EXPECT_FALSE(clock.is_over(retires));
  pass(hours(2));
  EXPECT_TRUE(clock.is_over(retires));
}

TEST_F(Clock, AfterARestartItIsOverByTheClockOnceThatIsTrusted) {
  const std::int64_t retires = made(hours(1));
  clock.look(wall, now);
  EXPECT_FALSE(clock.is_over(retires));
  pass(hours(9));
  EXPECT_TRUE(clock.is_over(retires));
  EXPECT_FALSE(clock.is_over(made(-hours(1))));
}

}  // namespace
}  // namespace tsmtp::daemon
