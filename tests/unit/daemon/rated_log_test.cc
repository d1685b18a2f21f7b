// P6: lines that others can provoke at will do not make the log as long as they like.
#include "relayd/daemon/rated_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tsmtp::daemon {
namespace {

using base::LogLevel;
using base::Provoked;
using testing::EndsWith;
using testing::StartsWith;

struct RatedLines : base::Logger {
  void log(LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

class RatedLogTest : public testing::Test {
 protected:
  void flood(Provoked kind, const std::string& source, int lines, std::chrono::milliseconds over) {
    for (int i = 0; i < lines; ++i) {
      log_->log_provoked(kind, source, LogLevel::kWarning, source + ": refused " + std::to_string(i));
      now_ += over / lines;
    }
  }
  void pass(std::chrono::seconds time) {
    for (; time > std::chrono::seconds(0); time -= std::chrono::seconds(5)) {
      now_ += std::chrono::seconds(5);
      log_->tick();
    }
  }

  base::TimePoint now_ = base::TimePoint{} + std::chrono::hours(1);
  RatedLines out_;
  std::unique_ptr<RatedLog> log_ = std::make_unique<RatedLog>(out_, [this] { return now_; });
};

TEST_F(RatedLogTest, AFloodIsCountedAndTold) {
  flood(Provoked::kRefusal, "birl", 34'000, std::chrono::seconds(4));
  EXPECT_LE(out_.lines.size(), 20U);
  EXPECT_EQ(out_.lines.front(), "birl: refused 0");
  const std::size_t told = out_.lines.size();
  pass(std::chrono::seconds(70));
  ASSERT_EQ(out_.lines.size(), told + 1);
  EXPECT_EQ(out_.lines.back(), std::to_string(34'000 - told) +
                                   " more like this in the last minute, the last: "
                                   "birl: refused 33999");
}

TEST_F(RatedLogTest, AnEndlessFloodIsAFewLinesAMinute) {
  for (int minute = 0; minute < 60; ++minute) {
    flood(Provoked::kPeer, "birl", 10'000, std::chrono::seconds(60));
    log_->tick();
  }
  EXPECT_LT(out_.lines.size(), 60U * 15);
}

TEST_F(RatedLogTest, OneSourcesFloodIsNotAnothers) {
  flood(Provoked::kRefusal, "birl", 10'000, std::chrono::seconds(1));
  log_->log_provoked(Provoked::kRefusal, "osaka", LogLevel::kWarning, "osaka: refused");
  EXPECT_EQ(out_.lines.back(), "osaka: refused");
  log_->log_provoked(Provoked::kLink, "birl", LogLevel::kWarning, "birl: link down");
  EXPECT_EQ(out_.lines.back(), "birl: link down");
  log_->log(LogLevel::kError, "ours");
  EXPECT_EQ(out_.lines.back(), "ours");
}

TEST_F(RatedLogTest, WhatComesSlowlyIsAllWritten) {
  for (int i = 0; i < 100; ++i) {
    log_->log_provoked(Provoked::kRefusal, "birl", LogLevel::kInfo, std::to_string(i));
    pass(std::chrono::seconds(5));
  }
  EXPECT_EQ(out_.lines.size(), 100U);
}

TEST_F(RatedLogTest, AQuietMinuteAfterAFloodAllIsAsBefore) {
  flood(Provoked::kRefusal, "birl", 1000, std::chrono::seconds(1));
  pass(std::chrono::seconds(120));
  log_->log_provoked(Provoked::kRefusal, "birl", LogLevel::kWarning, "again");
  EXPECT_EQ(out_.lines.back(), "again");
}

TEST_F(RatedLogTest, ManySourcesShareOneAllowance) {
  for (int i = 0; i < 100'000; ++i)
    log_->log_provoked(Provoked::kRefusal, std::to_string(i), LogLevel::kWarning, "x");
  EXPECT_LT(out_.lines.size(), 1200U);
}

TEST_F(RatedLogTest, WhatIsHeldBackIsToldAtTheEnd) {
  flood(Provoked::kRefusal, "birl", 100, std::chrono::seconds(1));
  log_.reset();
  EXPECT_THAT(out_.lines.back(), EndsWith("birl: refused 99"));
  EXPECT_THAT(out_.lines.back(), StartsWith("90 more like this in the last 0 seconds"));
}

}  // namespace
}  // namespace tsmtp::daemon
