#include "relayd/settings/quantity.h"

#include <gtest/gtest.h>

namespace tsmtp::settings {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Quantity, Sizes) {
  EXPECT_EQ(*parse_size("0"), 0U);
  EXPECT_EQ(*parse_size("1234"), 1234U);
  EXPECT_EQ(*parse_size("12 B"), 12U);
  EXPECT_EQ(*parse_size("10MB"), 10'000'000U);
  EXPECT_EQ(*parse_size("64MiB"), 64U << 20);
  EXPECT_EQ(*parse_size("2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(*parse_size("4611686018427387904"), std::uint64_t{1} << 62);
}

TEST(Quantity, NoSizes) {
  for (const char* text : {"", "MiB", "-1", "+1", "1.5MiB", "64mib", "64M", "64MiB ", "1  MB",
                           "4611686018427387905", "99999999999999999999", "9999999999GiB", "0x10"})
    EXPECT_FALSE(parse_size(text)) << text;
}

TEST(Quantity, Durations) {
  EXPECT_EQ(*parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(*parse_duration("60s"), milliseconds(60'000));
  EXPECT_EQ(*parse_duration("5m"), milliseconds(300'000));
  EXPECT_EQ(*parse_duration("5 min"), milliseconds(300'000));
  EXPECT_EQ(*parse_duration("2h"), milliseconds(7'200'000));
  EXPECT_EQ(*parse_duration("1d"), milliseconds(86'400'000));
  EXPECT_EQ(*parse_duration("0s"), milliseconds(0));
}

TEST(Quantity, AreShownInTheLargestUnitThatLeavesNoRest) {
  EXPECT_EQ(size_text(1'000), "1000");
  EXPECT_EQ(size_text(1'024), "1KiB");
  EXPECT_EQ(size_text(64UL << 20), "64MiB");
  EXPECT_EQ(size_text((64UL << 20) + 1024), "65537KiB");
  EXPECT_EQ(duration_text(seconds(0)), "0s");
  EXPECT_EQ(duration_text(seconds(90)), "90s");
  EXPECT_EQ(duration_text(seconds(300)), "5m");
  EXPECT_EQ(duration_text(seconds(3600)), "1h");
}

TEST(Quantity, NoDurations) {
  for (const char* text : {"", "s", "60", "-1s", "1.5s", "60S", "60 sec", "367d", "99999999999999999999s"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace tsmtp::settings
