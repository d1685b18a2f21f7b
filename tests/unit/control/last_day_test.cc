#include "relayd/control/last_day.h"

#include <gtest/gtest.h>

#include "relayd/control/day_picture.h"

namespace tsmtp::control {
namespace {

using namespace std::chrono_literals;

const base::TimePoint kNow = base::TimePoint(100h);

TEST(LastDay, PointsAreWhatWasAddedSince) {
  LastDay day;
  day.note("birl", {.out = 7, .in = 3, .is_up = true}, kNow);
  day.note("birl", {.out = 9, .in = 3, .is_up = true}, kNow + 10s);
  day.note("birl", {.out = 14, .in = 4, .is_up = false}, kNow + 5min);
  const LastDay::Points points = day.of("birl", kNow + 6min);
  ASSERT_EQ(points.size(), LastDay::kPoints);
  EXPECT_EQ(points[286].out, 2U);
  EXPECT_FALSE(points[286].was_down);
  EXPECT_EQ(points[287].out, 5U);
  EXPECT_EQ(points[287].in, 1U);
  EXPECT_TRUE(points[287].was_down);
  EXPECT_FALSE(points[285].is_known) << "nobody looked then";
  EXPECT_FALSE(day.of("osaka", kNow)[287].is_known);
}

// A site that was removed by a reload, and came back.
TEST(LastDay, ACountThatBeginsAnewIsNoHugeOne) {
  LastDay day;
  day.note("birl", {.out = 7, .in = 3, .is_up = true}, kNow);
  day.note("birl", {.out = 2, .in = 0, .is_up = true}, kNow + 10s);
  EXPECT_EQ(day.of("birl", kNow + 10s)[287].out, 2U);
}

TEST(LastDay, GapsAreUnknownAndOldPointsGo) {
  LastDay day;
  day.note("birl", {.out = 1, .in = 0, .is_up = true}, kNow);
  day.note("birl", {.out = 5, .in = 0, .is_up = true}, kNow + 20min);
  EXPECT_TRUE(day.of("birl", kNow + 20min)[283].is_known);
  EXPECT_FALSE(day.of("birl", kNow + 20min)[285].is_known);
  EXPECT_EQ(day.of("birl", kNow + 24h)[3].out, 4U);
  EXPECT_FALSE(day.of("birl", kNow + 24h)[0].is_known) << "it is older than a day";
  day.note("birl", {.out = 6, .in = 0, .is_up = true}, kNow + 200h);
  const LastDay::Points points = day.of("birl", kNow + 200h);
  EXPECT_EQ(points[287].out, 1U);
  for (std::size_t i = 0; i + 1 < points.size(); ++i)
    EXPECT_FALSE(points[i].is_known) << i;
}

TEST(LastDay, ForgetsASiteThatNobodyLooksAt) {
  LastDay day;
  day.note("birl", {}, kNow);
  day.forget_old(kNow + 23h);
  EXPECT_TRUE(day.of("birl", kNow)[287].is_known);
  day.forget_old(kNow + 24h);
  EXPECT_FALSE(day.of("birl", kNow)[287].is_known);
}

// A hub with a thousand sites that have nothing to tell has a page that one can load.
TEST(DayPicture, AQuietDayIsOneStroke) {
  LastDay::Points points(LastDay::kPoints);
  for (DayPoint& point : points)
    point.is_known = true;
  EXPECT_LT(day_picture(points, "birl").size(), 400U);
  points[10].out = 1000;
  points[20].in = 1;
  points[20].was_down = true;
  const std::string picture = day_picture(points, "birl");
  EXPECT_NE(picture.find("H10V0H11V20"), picture.npos) << picture;
  EXPECT_NE(picture.find("H20V21H21V20"), picture.npos) << "one mail is seen beside a thousand\n" << picture;
  EXPECT_NE(picture.find("<rect class=\"down\" x=\"20\""), picture.npos) << picture;
}

}  // namespace
}  // namespace tsmtp::control
