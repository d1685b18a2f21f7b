// Log lines on stderr: those of one turn go together, and a warning does not wait.
#include "relayd/daemon/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tsmtp::daemon {
namespace {

using base::LogLevel;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

// Takes the place of stderr. Each write can be told from the next.
class Log : public testing::Test {
 protected:
  Log() {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, ends_.data()), 0);
    dup2(ends_[1], STDERR_FILENO);
  }
  ~Log() override {
    log_.reset();
    dup2(before_, STDERR_FILENO);
    for (const int fd : {before_, ends_[0], ends_[1]})
      close(fd);
  }

  [[nodiscard]] std::vector<std::string> writes() const {
    std::vector<std::string> out;
    std::array<char, 4096> buffer{};
    for (ssize_t bytes = 0; (bytes = read(ends_[0], buffer.data(), buffer.size())) > 0;)
      out.emplace_back(buffer.data(), static_cast<std::size_t>(bytes));
    return out;
  }
  void run_later() {
    for (const auto& task : std::exchange(later_, {}))
      task();
  }

  std::array<int, 2> ends_{};
  int before_ = dup(STDERR_FILENO);
  std::vector<std::function<void()>> later_;
  std::unique_ptr<base::Logger> log_ = make_logger({.target = settings::LogTarget::kStderr},
                                                   [this](auto task) { later_.push_back(std::move(task)); });
};

TEST_F(Log, LinesOfOneTurnAreOneWrite) {
  log_->log(LogLevel::kInfo, "one");
  log_->log(LogLevel::kInfo, "two");
  EXPECT_TRUE(writes().empty());
  EXPECT_EQ(later_.size(), 1U);
  run_later();
  const auto written = writes();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_THAT(written[0], AllOf(HasSubstr("info: one\n"), EndsWith("info: two\n")));

  log_->log(LogLevel::kInfo, "three");
  run_later();
  EXPECT_EQ(writes().size(), 1U);
}

TEST_F(Log, AWarningIsWrittenAtOnceBehindWhatWaits) {
  log_->log(LogLevel::kInfo, "one");
  log_->log(LogLevel::kWarning, "two");
  const auto written = writes();
  ASSERT_EQ(written.size(), 1U);
  EXPECT_THAT(written[0], AllOf(HasSubstr("info: one\n"), EndsWith("warning: two\n")));
  run_later();
  EXPECT_TRUE(writes().empty());
}

TEST_F(Log, WhatWaitsIsWrittenAtTheEnd) {
  log_->log(LogLevel::kInfo, "one");
  log_.reset();
  ASSERT_EQ(writes().size(), 1U);
}

TEST_F(Log, MuchDoesNotWait) {
  for (int i = 0; i < 100; ++i)
    log_->log(LogLevel::kInfo, std::string(1000, 'x'));
  EXPECT_FALSE(writes().empty());
}

}  // namespace
}  // namespace tsmtp::daemon
