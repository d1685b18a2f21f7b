// Programs that are to take over and cannot: whatever stands where relayd was installed, the one that runs
// serves as before, says why, and leaves nothing behind.
#include "relayd/daemon/handover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>

#include "tests/support/is_there.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/wait_until.h"

namespace tsmtp::daemon {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Lines : base::Logger {
  void log(base::LogLevel, std::string_view line) override { text.append(line) += '\n'; }
  std::string text;
};

class HandoverTo : public ::testing::Test {
 protected:
  [[nodiscard]] std::string script(const std::string& text) const {
    return program("#!/bin/bash\necho $$ > " + dir_.file("pid") + "\nchannel=${!#}\n" + text);
  }
  [[nodiscard]] std::string program(const std::string& text, mode_t mode = 0755) const {
    const std::string path = dir_.file("relayd");
    support::write_file(path, text);
    chmod(path.c_str(), mode);
    return path;
  }
  /// What relayctl hears. `done` holds what was asked of the relayd that runs, in order.
  std::string upgrade_to(const std::string& path, milliseconds to_start = milliseconds(60'000)) {
    Handover handover(
        loop_, log_, {.path = path, .arguments = {"--config", "/nonexistent"}},
        {.objection = [] { return std::string(); },
         .environment = [] { return std::vector<std::string>{"TSMTP_HANDOVER=1"}; },
         .lend = [](net::SuccessionChannel&) { return base::Result<void>(); },
         .yield_links = [this](net::SuccessionChannel&, const std::string&) { done += "yields links,"; },
         .yield_clients = [this] { done += "yields clients,"; },
         .take_back = [this] { done += "takes back,"; },
         .leave = [this](net::SuccessionChannel&, pid_t) { done += "leaves,"; },
         .drain = [this](bool) { done += "drains,"; },
         .keys_changed = [] {},
         .is_restarted_by_others = [] { return false; }},
        {.to_start = to_start, .to_link = to_start, .to_serve = to_start});
    std::string reply;
    handover.ask([&](const std::string& text) {
      reply = text;
      loop_.stop();
    });
    loop_.run();
    EXPECT_FALSE(handover.is_under_way());
    EXPECT_THAT(log_.text, HasSubstr("upgrade: failed, this process serves as before: "));
    return reply;
  }
  /// The program that was started is no more.
  [[nodiscard]] bool is_over() const {
    return support::wait_until([&] {
      const int pid = std::atoi(support::read_file(dir_.file("pid")).c_str());
      return pid > 0 && !support::is_there(pid);
    });
  }

  std::string done;

 private:
  support::TemporaryDirectory dir_;
  net::EventLoop loop_;
  Lines log_;
};

constexpr char kServesAsBefore[] = "not upgraded, the running relayd serves as before: ";
constexpr char kRestart[] =
    "`relayd --check` and the log may say why, and a release that knows nothing of upgrades has to be "
    "started "
    "by a restart of relayd";

TEST_F(HandoverTo, NothingAtAll) {
  EXPECT_THAT(upgrade_to("/nonexistent/relayd"),
              AllOf(HasSubstr(kServesAsBefore), HasSubstr("cannot be executed: No such file or directory")));
}

TEST_F(HandoverTo, AFileThatMayNotBeExecuted) {
  EXPECT_THAT(upgrade_to(program("#!/bin/sh\n", 0644)),
              AllOf(HasSubstr(kServesAsBefore), HasSubstr("cannot be executed: Permission denied")));
}

TEST_F(HandoverTo, AFileThatIsNoProgram) {
  EXPECT_THAT(
      upgrade_to(program("half a program")),
      AllOf(HasSubstr(kServesAsBefore), HasSubstr("cannot be executed (Exec format error): install")));
}

TEST_F(HandoverTo, AReleaseThatKnowsNothingOfUpgrades) {
  EXPECT_THAT(
      upgrade_to(script("echo 'The following argument was not expected: --succeed' >/dev/null; exit 64")),
      AllOf(HasSubstr(kServesAsBefore), HasSubstr("ended before it could take over"), HasSubstr(kRestart)));
  EXPECT_TRUE(is_over());
}

TEST_F(HandoverTo, OneThatSaysWhyItCannot) {
  EXPECT_THAT(upgrade_to(script("printf 'failed /etc/x:1:1: error: \\001' >&$channel; exit 78")),
              AllOf(HasSubstr(kServesAsBefore), HasSubstr("/etc/x:1:1: error: \\x01")));
}

TEST_F(HandoverTo, OneThatHangs) {
  EXPECT_THAT(upgrade_to(script("exec sleep 1000"), milliseconds(100)),
              AllOf(HasSubstr("did not take over in time, and was ended"), HasSubstr(kRestart)));
  EXPECT_TRUE(is_over());
}

TEST_F(HandoverTo, OneThatClosesItsSocketAndLivesOn) {
  EXPECT_THAT(upgrade_to(script("eval \"exec $channel>&-\"; exec sleep 1000")),
              HasSubstr("ended before it could take over"));
  EXPECT_TRUE(is_over());
}

TEST_F(HandoverTo, OneThatTalksNonsense) {
  EXPECT_THAT(upgrade_to(script("while :; do echo nonsense >&$channel; sleep 0.01; done"), milliseconds(300)),
              HasSubstr("did not take over in time, and was ended"));
  EXPECT_TRUE(is_over());
}

TEST_F(HandoverTo, OneThatNamesNoProcessOfItsOwn) {
  EXPECT_THAT(upgrade_to(script("printf 'ready 00' >&$channel; exec sleep 1000")),
              HasSubstr(kServesAsBefore));
  EXPECT_TRUE(is_over());
}

TEST_F(HandoverTo, OneThatSaysThatItServesBeforeItsTurn) {
  EXPECT_THAT(upgrade_to(script("printf serving >&$channel; exec sleep 1000")),
              HasSubstr("did not keep to the order of an upgrade"));
  EXPECT_TRUE(is_over());
  EXPECT_EQ(done, "");
}

constexpr char kReady[] = "printf 'ready 00112233445566778899aabbccddeeff' >&$channel; ";

TEST_F(HandoverTo, OneThatEndsWhenItIsReady) {
  EXPECT_THAT(upgrade_to(script(std::string(kReady) + "exit 0")),
              HasSubstr("ended before it could take over"));
  EXPECT_EQ(done, "yields links,takes back,");
}

TEST_F(HandoverTo, OneThatHangsWhenItIsLinked) {
  EXPECT_THAT(
      upgrade_to(script(std::string(kReady) + "sleep 0.05; printf linked >&$channel; exec sleep 1000"),
                 milliseconds(1'000)),
      HasSubstr("did not take over in time, and was ended"));
  EXPECT_EQ(done, "yields links,yields clients,takes back,");
  EXPECT_TRUE(is_over());
}

}  // namespace
}  // namespace tsmtp::daemon
