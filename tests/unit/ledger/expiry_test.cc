#include "relayd/ledger/expiry.h"

#include <gtest/gtest.h>

namespace tsmtp::ledger {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class ExpiryTest : public ::testing::Test {
 protected:
  // Both clocks go on, hour by hour, as relayd looks at them. What it said last.
  bool pass(hours time) {
    bool judges = false;
    for (hours hour{0}; hour < time; ++hour) {
      wall_ += hours(1);
      now_ += hours(1);
      judges = expiry_.look(wall_, now_);
    }
    return judges;
  }

  base::WallTime wall_{hours(24 * 365 * 50)};
  base::TimePoint now_{hours(1)};
  Expiry expiry_{wall_, now_};
};

// The host was off for days, or its clock was wrong until now: MTAs try again first.
TEST_F(ExpiryTest, NothingIsJudgedSoonAfterTheStart) {
  EXPECT_FALSE(pass(hours(7)));
  EXPECT_TRUE(pass(hours(1)));
  EXPECT_TRUE(pass(hours(100)));
}

TEST_F(ExpiryTest, NorSoonAfterAJump) {
  for (const hours jump : {hours(24 * 7), hours(-24 * 10), hours(24 * 365 * 40)}) {
    ASSERT_TRUE(pass(hours(20)));
    wall_ += jump;
    EXPECT_FALSE(pass(hours(8))) << jump.count();
    EXPECT_TRUE(pass(hours(1))) << jump.count();
  }
}

TEST_F(ExpiryTest, AClockThatIsSetRightDoesNotJump) {
  ASSERT_TRUE(pass(hours(20)));
  wall_ += minutes(3);
  EXPECT_TRUE(pass(hours(1)));
  wall_ -= minutes(3);
  EXPECT_TRUE(pass(hours(1)));
}

}  // namespace
}  // namespace tsmtp::ledger
