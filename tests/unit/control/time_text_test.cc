#include "relayd/control/time_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace tsmtp::control {
namespace {

using std::chrono::seconds;

const base::WallTime kNow = base::WallTime(seconds(1'772'366'584));  // 2026-03-01T12:03:04Z

TEST(TimeText, Rfc3339) {
  EXPECT_EQ(rfc3339(kNow), "2026-03-01T12:03:04Z");
  EXPECT_EQ(rfc3339(base::WallTime{}), "1970-01-01T00:00:00Z");
}

TEST(TimeText, Rfc3339WithMilliseconds) {
  EXPECT_EQ(rfc3339_milliseconds(kNow + std::chrono::microseconds(56'999)), "2026-03-01T12:03:04.056Z");
  EXPECT_EQ(rfc3339_milliseconds(kNow), "2026-03-01T12:03:04.000Z");
}

TEST(TimeText, LocalTimeHasTheDateWhereItIsAnother) {
  setenv("TZ", "JST-9", 1);
  tzset();
  EXPECT_EQ(local_time(kNow, kNow), "21:03:04");
  EXPECT_EQ(local_time(kNow - seconds(24 * 3600), kNow), "2026-02-28 21:03:04");
  EXPECT_EQ(local_time(kNow, kNow + seconds(3 * 3600)), "2026-03-01 21:03:04");
  setenv("TZ", "UTC", 1);
  tzset();
}

TEST(TimeText, Spans) {
  EXPECT_EQ(span_text(seconds(-5)), "0 s");
  EXPECT_EQ(span_text(seconds(0)), "0 s");
  EXPECT_EQ(span_text(seconds(59)), "59 s");
  EXPECT_EQ(span_text(seconds(61)), "1 min 1 s");
  EXPECT_EQ(span_text(seconds(3 * 3600 + 12 * 60 + 59)), "3 h 12 min");
  EXPECT_EQ(span_text(seconds(2 * 86400 + 4 * 3600)), "2 d 4 h");
}

}  // namespace
}  // namespace tsmtp::control
