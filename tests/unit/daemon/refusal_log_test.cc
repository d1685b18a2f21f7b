#include "relayd/daemon/refusal_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace tsmtp::daemon {
namespace {

using testing::HasSubstr;

struct Lines : base::Logger {
  void log(base::LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

TEST(RefusalLog, IsNotAsLongAsOthersLike) {
  Lines lines;
  RefusalLog log(lines);
  const base::TimePoint begin = base::TimePoint{} + std::chrono::hours(1);
  for (int i = 0; i < 1000; ++i)
    log.refused("192.0.2.1:4711", "connection closed by peer", begin + std::chrono::milliseconds(i));
  ASSERT_EQ(lines.lines.size(), 31U);
  EXPECT_EQ(lines.lines.front(), "refused a connection from 192.0.2.1:4711: connection closed by peer");
  EXPECT_THAT(lines.lines.back(), HasSubstr("only counted"));
  EXPECT_EQ(log.count(), 1000U);
  log.refused("192.0.2.2:4711", "peer showed no certificate", begin + std::chrono::minutes(1));
  ASSERT_EQ(lines.lines.size(), 33U);
  EXPECT_EQ(lines.lines[31], "refused 970 more connections in that minute");
  EXPECT_THAT(lines.lines[32], HasSubstr("192.0.2.2"));
}

}  // namespace
}  // namespace tsmtp::daemon
