// The last words of a process that SIGABRT ends.
#include "relayd/daemon/abort_report.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

namespace tsmtp::daemon {
namespace {

TEST(AbortReportDeathTest, SaysThatItWasAFaultOfOurOwn) {
  const auto die = [] {
    report_aborts();
    std::abort();
  };
  EXPECT_EXIT(die(), testing::KilledBySignal(SIGABRT),
              "ended by SIGABRT, which it sent itself: a fault of relayd; it was at");
}

TEST(AbortReportDeathTest, SaysWhoDidItAndSinceWhenTheLoopStoodStill) {
  const auto die = [] {
    report_aborts();
    note_turn();
    const pid_t parent = getpid();
    if (fork() == 0) {
      kill(parent, SIGABRT);
      _exit(0);
    }
    for (;;)
      pause();
  };
  EXPECT_EXIT(
      die(), testing::KilledBySignal(SIGABRT),
      "ended by SIGABRT, which process [0-9]+ sent: systemd's watchdog, or a person; its event loop had "
      "stood still for [0-9]+ s; it was at");
}

// A reader of standard error that has stopped: the process ends all the same.
TEST(AbortReportDeathTest, WaitsForNoReader) {
  const auto die = [] {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) _exit(1);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    const std::string much(4096, 'x');
    while (write(ends[1], much.data(), much.size()) > 0) {
    }
    fcntl(ends[1], F_SETFL, 0);
    dup2(ends[1], STDERR_FILENO);
    report_aborts();
    std::abort();
  };
  EXPECT_EXIT(die(), testing::KilledBySignal(SIGABRT), "");
}

}  // namespace
}  // namespace tsmtp::daemon
