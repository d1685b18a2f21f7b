// Times in replies: the time alone today, with the date on other days.
#include "relayd/base/time_of_day.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <limits>

namespace tsmtp::base {
namespace {

class TimeOfDay : public testing::Test {
 protected:
  void SetUp() override { set_zone("UTC"); }
  void TearDown() override {
    unsetenv("TZ");
    tzset();
  }
  static void set_zone(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
  static WallTime at(std::time_t seconds) { return std::chrono::system_clock::from_time_t(seconds); }
};

constexpr std::time_t kNoon = 1'795'262'400;  // 2026-11-21 12:00:00 UTC

TEST_F(TimeOfDay, Today) {
  EXPECT_EQ(time_of_day(at(kNoon + 184), at(kNoon + 4000)), "12:03:04");
  EXPECT_EQ(time_of_day(at(kNoon - 12 * 3600), at(kNoon)), "00:00:00");
}

TEST_F(TimeOfDay, AnotherDay) {
  EXPECT_EQ(time_of_day(at(kNoon - 24 * 3600), at(kNoon)), "2026-11-20 12:00:00");
  EXPECT_EQ(time_of_day(at(kNoon - 12 * 3600 - 1), at(kNoon)), "2026-11-20 23:59:59");
  EXPECT_EQ(time_of_day(at(kNoon - 365 * 24 * 3600), at(kNoon)), "2025-11-21 12:00:00");
}

TEST_F(TimeOfDay, OfAFileIsNeverOutOfRange) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(wall_time(kNoon), at(kNoon));
  EXPECT_EQ(wall_time(-1), at(0));
  EXPECT_EQ(wall_time(kMost), at(kLastSecond));
  EXPECT_GT(wall_time(kMost) + std::chrono::hours(24 * 365), wall_time(kMost));
}

TEST_F(TimeOfDay, InTheZoneOfTheReader) {
  set_zone("JST-9");
  EXPECT_EQ(time_of_day(at(kNoon), at(kNoon + 60)), "21:00:00");
}

}  // namespace
}  // namespace tsmtp::base
