// What happens around relayd never stops it: readers of its log that stand still, a full disk of the log, a
// clock that jumps, a service manager that watches it. Mail goes on, and all of it heals without a restart.
// What needs a file system of its own is for root.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/support/datagram_reader.h"
#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

class Surroundings : public TwoHubs {
 protected:
  void SetUp() override {
    // Long lines, so that a reader that stands still has soon more than waits.
    birl_mta.set_script([](const std::string& command) {
      return command.starts_with(".") ? "250 2.0.0 " + std::string(480, 'x') + "\r\n" : std::string();
    });
  }
  void TearDown() override {
    TwoHubs::TearDown();
    if (!covered_.empty()) umount2(covered_.c_str(), MNT_DETACH);
  }
  void expect_mails(int count) {
    Connection client = session();
    for (int i = 0; i < count; ++i)
      ASSERT_THAT(send_mail(client, kContent, long_path(".tokyo.example"), long_path(".birl.example")),
                  StartsWith("250 "))
          << i;
  }
  static std::string long_path(const std::string& domain) {
    std::string mailbox = std::string(60, 'a') + '@' + std::string(50, 'b');
    for (int i = 0; i < 2; ++i)
      mailbox += '.' + std::string(50, 'c');
    return mailbox + domain;
  }
  /// Until lines are lost.
  void expect_mails_until_lines_are_lost() {
    for (int round = 0; round < 20 && lines_lost() == 0; ++round)
      expect_mails(100);
    EXPECT_GT(lines_lost(), 0U);
    EXPECT_THAT(tokyo.relayctl({"status"}).output, HasSubstr("LINES LOST"));
  }
  [[nodiscard]] std::uint64_t lines_lost() const { return tokyo.status().value("log_lines_lost", 0U); }
  /// A directory of this test's takes the place of one of the machine's, for this process and its children.
  [[nodiscard]] bool covers(const std::string& place) {
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
      return false;
    std::error_code error;
    std::filesystem::create_directories(place, error);
    if (error || mount("tmpfs", place.c_str(), "tmpfs", 0, "size=4m") != 0) return false;
    covered_ = place;
    return true;
  }

  std::string covered_;
};

TEST_F(Surroundings, AJournaldThatStandsStillStopsNoMailAndIsToldWhatItHasMissed) {
  if (!covers("/run/systemd/journal")) GTEST_SKIP() << "needs to mount a tmpfs";
  DatagramReader journald("/run/systemd/journal/socket");
  configure("", "log = \"journal\"");
  birl.start();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_TRUE(journald.hears("\nTSMTP_KIND=link-up\n"));
  expect_mails_until_lines_are_lost();
  EXPECT_TRUE(journald.hears(" log lines lost: they came faster than they were read\n"));
  expect_mails(1);
  EXPECT_TRUE(journald.hears("\nTSMTP_KIND=mail\n"));
}

TEST_F(Surroundings, ASyslogdThatStandsStillStopsNoMail) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    GTEST_SKIP() << "needs to mount";
  std::filesystem::create_directory(tokyo.file("dev"));
  DatagramReader syslogd(tokyo.file("dev/log"));
  std::error_code error;
  const bool was_there = std::filesystem::exists("/dev/log", error);
  if (!was_there) std::ofstream("/dev/log").flush();
  const bool is_covered = mount(tokyo.file("dev/log").c_str(), "/dev/log", nullptr, MS_BIND, nullptr) == 0;
  if (is_covered) {
    configure("", "log = \"syslog\"");
    birl.start();
    tokyo.start();
    ASSERT_TRUE(link_is_up());
    EXPECT_TRUE(syslogd.hears(": serving as hub tokyo"));
    expect_mails_until_lines_are_lost();
    EXPECT_TRUE(syslogd.hears(" log lines lost: they came faster than they were read"));
    umount2("/dev/log", MNT_DETACH);
  }
  if (!was_there) std::filesystem::remove("/dev/log", error);
  if (!is_covered) GTEST_SKIP() << "/dev/log cannot be covered";
}

TEST_F(Surroundings, AFullDiskOfTheLogStopsNoMailAndLosesNoLineThatWaits) {
  const std::string place = tokyo.file("logs");
  if (!covers(place)) GTEST_SKIP() << "needs to mount a tmpfs";
  std::filesystem::create_symlink(place + "/log", tokyo.file("log"));
  start();
  {
    std::ofstream filler(place + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  expect_mails_until_lines_are_lost();
  std::filesystem::remove(place + "/filler");
  EXPECT_TRUE(tokyo.logs(" log lines lost: they came faster than they were read"));
  for (std::string line, log = tokyo.log(); !log.empty(); log.erase(0, line.size() + 1)) {
    line = log.substr(0, log.find('\n'));
    EXPECT_THAT(line, MatchesRegex("20[^\n]* relayd\\[[0-9]+\\] [a-z]+: .*")) << "lines stay whole";
    if (HasFailure()) break;
  }
}

// Hours and years, forward and back, while it runs.
TEST_F(Surroundings, P11_AClockThatJumpsStopsNothing) {
  const std::string shift = tokyo.file("shift");
  write_file(shift, "0");
  setenv("TSMTP_CLOCK_SHIFT_FILE", shift.c_str(), 1);
  setenv("LD_PRELOAD", TSMTP_CLOCK_SHIFT_LIBRARY, 1);
  start();
  unsetenv("LD_PRELOAD");
  unsetenv("TSMTP_CLOCK_SHIFT_FILE");
  expect_mails(1);
  constexpr long kHour = 3600;
  constexpr long kYear = 365 * 24 * kHour;
  for (const long seconds : {2 * kHour, -2 * kHour, 10 * kYear, -10 * kYear, 0L}) {
    write_file(shift + ".new", std::to_string(seconds));
    std::filesystem::rename(shift + ".new", shift);
    expect_mails(3);
    path.cut();
    ASSERT_TRUE(link_is_up()) << seconds << tokyo.log();
    expect_mails(3);
    EXPECT_EQ(tokyo.relayctl({"reload"}).status, 0);
    EXPECT_EQ(tokyo.status()["ledger"]["trouble"], nullptr) << seconds;
  }
}

// What systemd is told: that the loop turns, and a status that stays true. One that does not turn is ended,
// and says where it was.
TEST_F(Surroundings, TheServiceManagerIsToldHowItStandsAndThatTheLoopTurns) {
  DatagramReader manager(tokyo.file("notify"));
  configure();
  birl.start();
  setenv("NOTIFY_SOCKET", tokyo.file("notify").c_str(), 1);
  setenv("WATCHDOG_USEC", "400000", 1);
  tokyo.start();
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  EXPECT_TRUE(manager.hears("READY=1\nSTATUS=hub tokyo: "));
  EXPECT_TRUE(manager.hears("STATUS=hub tokyo: link up"));
  EXPECT_TRUE(manager.hears("WATCHDOG=1"));
  EXPECT_TRUE(manager.hears("WATCHDOG=1")) << "again and again";
  birl.kill();
  EXPECT_TRUE(manager.hears("STATUS=hub tokyo: 0 of 1 links up; birl: link down since "));
  birl.start();
  EXPECT_TRUE(manager.hears("STATUS=hub tokyo: link up"));
  tokyo.process().signal(SIGABRT);  // as the watchdog does
  (void)tokyo.process().wait();
  EXPECT_THAT(tokyo.log(), AllOf(HasSubstr("]: ended by SIGABRT, which process "),
                                 HasSubstr("its event loop had stood still for "), HasSubstr("relayd(+0x")));
}

}  // namespace
}  // namespace tsmtp::support
