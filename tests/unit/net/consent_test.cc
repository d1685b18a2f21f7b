// Who answers for a connection that waits: relayctl, a program, or nobody.
#include "relayd/net/forward/consent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <fstream>

#include "tests/support/temporary_directory.h"

namespace tsmtp::net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using Outcome = forward::Approvals::Outcome;

class Lines : public base::Logger {
 public:
  void log(base::LogLevel, std::string_view line) override { all.emplace_back(line); }
  std::vector<std::string> all;
};

class ConsentTest : public testing::Test {
 protected:
  Consent::Id ask(std::vector<std::string> command = {}, base::Duration patience = 60s,
                  const std::string& site = "tokyo") {
    const auto id =
        consent->ask({.question = {.site = site, .service = "pop3", .user = "al\x1b ice", .client = {}},
                      .patience = patience,
                      .command = std::move(command),
                      .protocol = "tcp"},
                     [this](const Consent::Verdict& verdict) { verdicts.push_back(verdict); });
    EXPECT_TRUE(id);
    EXPECT_THAT(verdicts, IsEmpty()) << "not before ask() has returned";
    return id ? *id : 0;
  }
  Consent::Verdict verdict() {
    run_until([this] { return !verdicts.empty(); });
    EXPECT_FALSE(verdicts.empty());
    return verdicts.empty() ? Consent::Verdict{} : verdicts.front();
  }
  void run_until(const std::function<bool()>& is_done) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!is_done() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_for(5ms);
    }
  }
  std::string script(const std::string& lines) {
    std::string path = directory.file("script");
    std::ofstream(path) << "#!/bin/sh\n" << lines << '\n';
    chmod(path.c_str(), 0755);
    return path;
  }
  [[nodiscard]] std::string written() const {
    std::ifstream file(directory.file("written"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  support::TemporaryDirectory directory;
  boost::asio::io_context io;
  Lines log;
  std::unique_ptr<Consent> consent = std::make_unique<Consent>(io.get_executor(), log);
  std::vector<Consent::Verdict> verdicts;
};

TEST_F(ConsentTest, PersonSaysYes) {
  const auto id = ask();
  EXPECT_THAT(log.all,
              ElementsAre("tokyo: a connection of user al\\x1b ice to service pop3 waits for approval: "
                          "relayctl approve 1"));
  ASSERT_TRUE(consent->approve(id, "root via relayctl", {}));
  EXPECT_EQ(verdict().outcome, Outcome::kGranted);
  EXPECT_EQ(verdict().by, "root via relayctl");
}

TEST_F(ConsentTest, NobodyAnswers) {
  ask({}, 10ms);
  EXPECT_EQ(verdict().outcome, Outcome::kExpired);
}

TEST_F(ConsentTest, WithdrawnConnectionHearsNothing) {
  const auto id = ask();
  ASSERT_TRUE(consent->approve(id, "root via relayctl", {}));
  consent->withdraw(id);
  io.run_for(20ms);
  EXPECT_THAT(verdicts, IsEmpty());
}

TEST_F(ConsentTest, YesThatStandsIsToldLaterToo) {
  const auto id = ask();
  ASSERT_TRUE(consent->approve(id, "root via relayctl", 10min));
  (void)verdict();
  verdicts.clear();
  log.all.clear();
  ask({"/nowhere/command"});
  EXPECT_EQ(verdict().outcome, Outcome::kGranted);
  EXPECT_TRUE(verdict().until);
  EXPECT_THAT(log.all, IsEmpty());
}

TEST_F(ConsentTest, CommandSaysYesAndKnowsWhatItIsAskedAbout) {
  ask({script("env > " + directory.file("written") + "; echo \"$@\" >> " + directory.file("written")), "a b",
       "$c"});
  EXPECT_EQ(verdict().outcome, Outcome::kGranted);
  EXPECT_EQ(verdict().by, "approve_command");
  EXPECT_THAT(written(), HasSubstr("TSMTP_SITE=tokyo\n"));
  EXPECT_THAT(written(), HasSubstr("TSMTP_SERVICE=pop3\n"));
  EXPECT_THAT(written(), HasSubstr("TSMTP_USER=al\\x1b ice\n"));
  EXPECT_THAT(written(), HasSubstr("TSMTP_TIME=20"));
  EXPECT_THAT(written(), HasSubstr("TSMTP_ID=1\n"));
  EXPECT_THAT(written(), HasSubstr("TSMTP_PROTOCOL=tcp\n"));
  EXPECT_THAT(written(), HasSubstr("PATH=/"));
  EXPECT_THAT(written(), testing::Not(HasSubstr("HOME=")));
  EXPECT_THAT(written(), HasSubstr("\na b $c\n")) << "no shell reads its arguments";
}

TEST_F(ConsentTest, CommandSaysNo) {
  ask({script("echo not for you >&2; echo and more >&2; exit 3")});
  EXPECT_EQ(verdict().outcome, Outcome::kDenied);
  EXPECT_EQ(verdict().cause, "approve_command said no (exit status 3)");
  EXPECT_EQ(log.all.back(), "approve_command " + directory.file("script") + " says: not for you");
}

TEST_F(ConsentTest, CommandIsKilled) {
  ask({script("kill -9 $$")});
  EXPECT_EQ(verdict().cause, "approve_command was killed by signal 9");
}

TEST_F(ConsentTest, CommandIsNotThere) {
  ask({"/nowhere/command"});
  EXPECT_EQ(verdict().outcome, Outcome::kDenied);
  EXPECT_EQ(verdict().cause,
            "approve_command cannot be started: /nowhere/command: No such file or directory");
}

// The trap shows that it is told; the number, that what it has started is ended too.
TEST_F(ConsentTest, CommandThatHangsIsEndedWithAllThatItHasStarted) {
  const std::string file = directory.file("written");
  ask({script("trap '' TERM; sleep 600 & echo $! >" + file + ".new; mv " + file + ".new " + file +
              "; wait; wait")},
      30s);
  run_until([&] { return written().ends_with('\n'); });
  const pid_t sleeper = std::stoi(written());
  ASSERT_EQ(kill(sleeper, 0), 0);
  ASSERT_TRUE(consent->deny(1, "denied by root via relayctl"));
  EXPECT_EQ(verdict().outcome, Outcome::kDenied);
  run_until([sleeper] {
    std::ifstream stat("/proc/" + std::to_string(sleeper) + "/stat");
    std::string pid, name, state;
    return !(stat >> pid >> name >> state) || state == "Z";
  });
  EXPECT_EQ(verdicts.size(), 1U);
}

TEST_F(ConsentTest, RelayctlOvertakesTheCommand) {
  const auto id = ask({script("exec sleep 600")});
  io.run_for(10ms);
  ASSERT_TRUE(consent->approve(id, "root via relayctl", {}));
  EXPECT_EQ(verdict().by, "root via relayctl");
}

TEST_F(ConsentTest, CommandHasNoDescriptorOfOurs) {
  const int ours = dup(0);
  ask({script("ls -l /proc/self/fd > " + directory.file("written"))});
  EXPECT_EQ(verdict().outcome, Outcome::kGranted);
  close(ours);
  std::string fds = written();
  EXPECT_THAT(fds, HasSubstr(" 0 -> /dev/null"));
  EXPECT_THAT(fds, HasSubstr(" 2 -> pipe:"));
  EXPECT_THAT(fds, testing::Not(HasSubstr("anon_inode")));
}

// Under systemd relayd has one; to see it here: setpriv --inh-caps, --ambient-caps +net_bind_service.
TEST_F(ConsentTest, CommandHasNoAmbientCapabilityAndWeKeepOurs) {
  const auto own = [] {
    std::ifstream status("/proc/self/status");
    const std::string text{std::istreambuf_iterator<char>(status), {}};
    return text.substr(text.find("CapAmb:"), std::string_view("CapAmb:\t0000000000000400").size());
  };
  const std::string before = own();
  ask({script("grep -q '^CapAmb:.0*$' /proc/self/status")});
  EXPECT_EQ(verdict().outcome, Outcome::kGranted);
  EXPECT_EQ(own(), before);
}

TEST_F(ConsentTest, SoManyCommandsOfASiteAtOnceAndTheOthersInTurn) {
  const std::string file = directory.file("written");
  const std::string slow =
      script("echo >> " + file + "; while test ! -e " + file + ".go; do sleep 0.05; done");
  for (int i = 0; i < 10; ++i)
    ask({slow});
  run_until([&] { return written().size() == 4; });
  ask({slow}, 60s, "kyoto");
  run_until([&] { return written().size() == 5; });
  EXPECT_EQ(written().size(), 5U) << "another site does not wait for this one's";
  std::ofstream(file + ".go") << "\n";
  run_until([&] { return verdicts.size() == 11; });
  EXPECT_EQ(verdicts.size(), 11U);
  EXPECT_EQ(written().size(), 11U);
}

// Else who asks and withdraws without end would have us start processes without end.
TEST_F(ConsentTest, CommandThatNobodyWaitsForKeepsItsPlaceUntilItIsGone) {
  const std::string file = directory.file("written");
  const std::string stubborn = script("trap '' TERM; echo >> " + file + "; while :; do sleep 0.05; done");
  for (int i = 0; i < 4; ++i)
    ask({stubborn});
  run_until([&] { return written().size() == 4; });
  for (Consent::Id id = 1; id <= 4; ++id)
    consent->withdraw(id);
  ask({script("echo >> " + file)});
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(verdict().outcome, Outcome::kGranted);
  EXPECT_GT(std::chrono::steady_clock::now() - begun, 500ms) << "SIGKILL comes after a second";
  EXPECT_EQ(written().size(), 5U);
}

TEST_F(ConsentTest, CommandThatSaysALotDoesNotWait) {
  ask({script("yes 2>/dev/null | head -c 300000 >&2; exit 0")});
  EXPECT_EQ(verdict().outcome, Outcome::kGranted);
  EXPECT_THAT(log.all.back(), StartsWith("approve_command " + directory.file("script") + " says: y"));
}

TEST_F(ConsentTest, EndsWhileACommandRuns) {
  ask({script("exec sleep 600")});
  io.run_for(20ms);
  consent.reset();
  io.restart();
  io.run_for(20ms);
  EXPECT_THAT(verdicts, IsEmpty());
}

}  // namespace
}  // namespace tsmtp::net
