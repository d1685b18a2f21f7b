// Connections of programs to services while the relayd of either hub is upgraded: those that are there go on
// to their own end, new ones are always taken.
#include <sys/stat.h>
#include <sysexits.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "tests/integration/forward_fixture.h"
#include "tests/support/upgraded_hub.h"

namespace tsmtp::support {
namespace {

class UpgradeForward : public Forwarding {
 protected:
  void SetUp() override {
    const ServiceManager manager(tokyo.file("notify"));
    Forwarding::SetUp();
  }
  void TearDown() override {
    end_serving(tokyo);
    end_serving(birl);
    Forwarding::TearDown();
  }
  static void echo(Connection& from, Connection& to, const std::string& line) {
    from.send(line);
    EXPECT_EQ(to.line(), line);
    to.send(line);
    EXPECT_EQ(from.line(), line);
  }
  /// The old process goes on with what was there, and ends with it.
  void upgrades(Hub& hub) {
    Pair before = connect();
    const pid_t old = serving_process(hub);
    std::atomic<bool> is_over = false;
    std::atomic<int> served = 0;
    std::thread server([&] {
      while (!is_over) {
        Connection one = service.accept();
        one.send(one.line().value_or("nothing\n"));
      }
    });
    std::thread programs([&] {
      while (!is_over) {
        try {
          Connection one = program();
          one.send("hello\n");
          EXPECT_EQ(one.line(), "hello\n") << "after " << served;
        } catch (const std::exception& refused) {
          ADD_FAILURE() << refused.what() << " after " << served;
        }
        ++served;
      }
    });
    const Finished done = hub.relayctl({"upgrade"});
    EXPECT_EQ(done.status, 0) << done.output;
    echo(before.program, before.service, "of the old process\n");
    const int so_far = served;
    EXPECT_TRUE(wait_until([&] { return served > so_far + 20; }));
    is_over = true;
    programs.join();
    Connection last = program();  // for the server to see it
    last.send("the last\n");
    server.join();
    EXPECT_TRUE(is_there(old));
    EXPECT_EQ(hub.status()["predecessor"].value("pid", 0), old);
    echo(before.program, before.service, "still\n");
    finish(before.program);
    EXPECT_EQ(ending_of(before.service), Ending::kInOrder);
    before.service.send("to the end\n");
    EXPECT_EQ(before.program.line(), "to the end\n");
    finish(before.service);
    EXPECT_EQ(ending_of(before.program), Ending::kInOrder);
    EXPECT_TRUE(wait_until([&] { return !is_there(old); }));
  }
};

TEST_F(UpgradeForward, OfTheHubWithTheProgram) {
  upgrades(tokyo);
}

TEST_F(UpgradeForward, OfTheHubWithTheService) {
  upgrades(birl);
}

// Whose connection is in the way of the next upgrade, and what can be done, is told to whoever asks for it.
TEST_F(UpgradeForward, AConnectionThatIsInTheWayOfTheNextIsNamed) {
  Pair pair = connect();
  const pid_t old = serving_process(tokyo);
  ASSERT_EQ(tokyo.relayctl({"upgrade"}).status, 0);
  ASSERT_TRUE(wait_until([&] { return tokyo.status()["predecessor"] != nullptr; }));
  const auto held = tokyo.status()["predecessor"]["held"];
  ASSERT_EQ(held.size(), 1U);
  EXPECT_THAT(held[0].value("what", ""), ::testing::StartsWith("birl: forward to echo, connection "));
  EXPECT_THAT(held[0].value("what", ""), ::testing::HasSubstr(" of user "));
  const Finished refused = tokyo.relayctl({"upgrade"});
  EXPECT_EQ(refused.status, EX_UNAVAILABLE);
  for (const std::string& part :
       {"no upgrade: process " + std::to_string(old) + " of before the last upgrade still has 0 sessions",
        ", 1 connection (" + held[0].value("what", "") + ", since ", "`kill " + std::to_string(old) + "`"})
    EXPECT_THAT(refused.output, ::testing::HasSubstr(part));
  kill(old, SIGTERM);
  EXPECT_TRUE(wait_until([&] { return !is_there(old); }));
  EXPECT_EQ(tokyo.relayctl({"upgrade"}).status, 0);
}

/// What it has started watches that process, so that orphans come back to it.
class UpgradeUnderASupervisorWithPrograms : public Forwarding {
 protected:
  void SetUp() override {
    write_file(birl.file("approve"), "#!/bin/sh\nsleep 0.2 &\necho $! > " + birl.file("orphan") + "\n");
    chmod(birl.file("approve").c_str(), 0755);
    set_up("approve = \"ask\"\napprove_command = [\"" + birl.file("approve") + "\"]\n");
  }
};

TEST_F(UpgradeUnderASupervisorWithPrograms, AfterOneThatFailedNoZombieIsLeft) {
  const std::string good = read_file(birl.config());
  write_file(birl.config(), good + "nonsense = 1\n");
  EXPECT_NE(birl.relayctl({"upgrade"}).status, 0);
  write_file(birl.config(), good);
  Pair pair = connect();
  const int orphan = std::atoi(read_file(birl.file("orphan")).c_str());
  ASSERT_GT(orphan, 0);
  EXPECT_TRUE(wait_until([&] { return kill(orphan, 0) != 0; })) << "nobody has waited for it";
}

}  // namespace
}  // namespace tsmtp::support
