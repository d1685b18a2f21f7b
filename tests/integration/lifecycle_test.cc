// Starting, stopping, and refusing to start: with a reason.
#include <sys/stat.h>

#include <csignal>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kUsage = 64, kUnavailable = 69, kConfig = 78;

std::string relayd() {
  return TSMTP_RELAYD;
}

class Lifecycle : public TwoHubs {};

TEST_F(Lifecycle, SigtermLetsATransactionInFlightFinish) {
  birl_mta.stalled = true;
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  ASSERT_TRUE(wait_until([&] { return birl.site_status("tokyo")["open_transactions"] == 1; }));
  tokyo.process().signal(SIGTERM);
  ASSERT_TRUE(tokyo.logs("shutting down"));
  birl_mta.stalled = false;
  client.send(".\r\n");
  EXPECT_THAT(client.reply(), StartsWith("250 "));
  EXPECT_EQ(tokyo.process().wait(), 0);
  EXPECT_EQ(birl_mta.count(), 1U);
}

// Whoever stops it may say so again until it has ended.
TEST_F(Lifecycle, SigtermAtAnyTimeOfItsEndIsAnEndInOrder) {
  for (int round = 0; round < 10; ++round) {
    while (tokyo.process().running())
      tokyo.process().signal(SIGTERM);
    ASSERT_EQ(tokyo.process().wait(), 0) << round;
    tokyo.start();
  }
}

TEST_F(Lifecycle, DrainIsBoundedInTime) {
  configure("", "drain_timeout = \"1s\"");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  Connection client = session();
  begin_mail(client, "Subject: half a mail");
  EXPECT_THAT(tokyo.relayctl({"drain"}).output, HasSubstr("draining"));
  EXPECT_EQ(tokyo.process().wait(std::chrono::seconds(5)), 0);
}

TEST_F(Lifecycle, WhileDrainingNewSessionsAreToldSo) {
  Connection busy = session();
  begin_mail(busy, "Subject: x\r\n\r\n");
  ASSERT_TRUE(wait_until([&] { return birl.site_status("tokyo")["open_transactions"] == 1; }));
  birl.process().signal(SIGTERM);
  ASSERT_TRUE(tokyo.logs("the far relayd is shutting down"));
  const std::string endpoint = tokyo.site_status("birl")["endpoints"][0];
  Connection late(endpoint.substr(0, endpoint.find(':')), endpoint_port);
  EXPECT_THAT(late.reply(), StartsWith("421 4.3.2 birl: the far relayd is shutting down"));
  EXPECT_THAT(busy.command("."), StartsWith("250 "));
  EXPECT_EQ(birl.process().wait(), 0);
}

TEST_F(Lifecycle, StatusIsToldThoughTheFileHasBecomeWrong) {
  write_file(tokyo.config(), read_file(tokyo.config()) + "deliverr = \"127.0.0.1:25\"\n");
  const Finished asked = tokyo.relayctl({"status"});
  EXPECT_EQ(asked.status, 0);
  EXPECT_THAT(asked.output, HasSubstr("hub tokyo: relayd"));
  EXPECT_EQ(tokyo.relayctl({"reload"}).status, kConfig);
  tokyo.process().signal(SIGHUP);
  ASSERT_TRUE(tokyo.logs("unknown key \"deliverr\""));
  EXPECT_THAT(tokyo.relayctl({"status"}).output, HasSubstr("LAST RELOAD FAILED"));
  EXPECT_EQ(tokyo.relayctl({"drain"}).status, 0);
  EXPECT_EQ(tokyo.process().wait(), 0);
}

TEST_F(Lifecycle, PortInUse) {
  const Finished second =
      run({relayd(), "--config", birl.config(), "--foreground", "--set", "hub.control=" + birl.file("c2"),
           "--set", "hub.state_dir=" + birl.file("s2")});
  EXPECT_EQ(second.status, kUnavailable);
  EXPECT_THAT(second.output, HasSubstr("in use"));
  EXPECT_TRUE(link_is_up());  // and the first does not notice
}

TEST_F(Lifecycle, StateDirectoryInUse) {
  const Finished second =
      run({relayd(), "--config", tokyo.config(), "--foreground", "--set", "hub.control=" + tokyo.file("c2"),
           "--set", "site.birl.endpoint=127.8.8.8:" + std::to_string(free_port())});
  EXPECT_EQ(second.status, kUnavailable);
  EXPECT_THAT(second.output, HasSubstr(std::to_string(tokyo.process().pid())));
}

class NotStarted : public TwoHubs {
 protected:
  void SetUp() override { configure(); }
  void TearDown() override {}
};

TEST_F(NotStarted, BackgroundParentEndsWhenTheDaemonServes) {
  const Finished parent = run({relayd(), "--config", tokyo.config(), "--set", "hub.log=stderr"});
  EXPECT_EQ(parent.status, 0) << parent.output;
  EXPECT_EQ(tokyo.relayctl({"status"}).status, 0);
  EXPECT_EQ(tokyo.relayctl({"drain"}).status, 0);
  EXPECT_TRUE(wait_until([&] { return tokyo.relayctl({"status"}).status == kUnavailable; }));
}

TEST_F(NotStarted, BackgroundParentFailsWhenTheDaemonCannotServe) {
  const int taken = listen_on(link_port);
  const Finished parent = run({relayd(), "--config", birl.config()});
  EXPECT_EQ(parent.status, kUnavailable);
  EXPECT_THAT(parent.output, HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(link_port)));
  close(taken);
}

TEST_F(NotStarted, CheckSaysThatAllIsWell) {
  const Finished check = run({relayd(), "--config", tokyo.config(), "--check"});
  EXPECT_EQ(check.status, 0);
  EXPECT_THAT(check.output, HasSubstr(tokyo.config() + ": ok, hub tokyo, 1 site"));
}

TEST_F(NotStarted, CheckSaysThatThereIsNoSuchUser) {
  const Finished refused =
      run({relayd(), "--config", tokyo.config(), "--set", "hub.user=nobody-of-that-name", "--check"});
  EXPECT_EQ(refused.status, kConfig);
  EXPECT_THAT(refused.output,
              HasSubstr("hub.user: there is no user \"nobody-of-that-name\" on this machine"));
}

TEST_F(NotStarted, RelayctlKnowsNoSuchCommand) {
  const Finished refused = tokyo.relayctl({"stauts"});
  EXPECT_EQ(refused.status, kUsage);
  EXPECT_THAT(refused.output, HasSubstr("relayctl: no command \"stauts\"; did you mean \"status\"?"));
}

TEST_F(NotStarted, WrongConfigurationSaysWhere) {
  write_file(tokyo.config(), read_file(tokyo.config()) + "deliverr = \"127.0.0.1:25\"\n");
  for (const char* how : {"--check", "--foreground"}) {
    const Finished refused = run({relayd(), "--config", tokyo.config(), how});
    EXPECT_EQ(refused.status, kConfig);
    EXPECT_THAT(refused.output,
                HasSubstr("error: unknown key \"deliverr\" in [[site]]; did you mean \"deliver\"?"));
  }
  EXPECT_EQ(tokyo.relayctl({"status"}).status, kConfig);
}

TEST_F(NotStarted, BrokenTomlSaysWhere) {
  write_file(tokyo.config(), "[hub]\nname = \"tokyo\n");
  const Finished refused = run({relayd(), "--config", tokyo.config(), "--check"});
  EXPECT_EQ(refused.status, kConfig);
  EXPECT_THAT(refused.output, HasSubstr(tokyo.config() + ":2:"));
}

TEST_F(NotStarted, NoConfiguration) {
  const Finished refused = run({relayd(), "--config", tokyo.file("none.toml"), "--foreground"});
  EXPECT_EQ(refused.status, kConfig);
  EXPECT_THAT(refused.output, HasSubstr("none.toml"));
}

TEST_F(NotStarted, P7_IdentityThatOthersCanRead) {
  ASSERT_EQ(chmod(tokyo.file("identity.pem").c_str(), 0644), 0);
  const Finished refused = run({relayd(), "--config", tokyo.config(), "--foreground"});
  EXPECT_EQ(refused.status, kUnavailable);
  EXPECT_THAT(refused.output, HasSubstr("can be read by others; chmod 0600"));
}

TEST_F(NotStarted, NoIdentity) {
  ASSERT_EQ(unlink(tokyo.file("identity.pem").c_str()), 0);
  const Finished refused = run({relayd(), "--config", tokyo.config(), "--check"});
  EXPECT_EQ(refused.status, kConfig);
  EXPECT_THAT(refused.output, HasSubstr("make it with: relayctl init"));
}

TEST_F(NotStarted, InitNeverReplacesAnIdentity) {
  EXPECT_EQ(tokyo.relayctl({"init"}).status, 73);
  EXPECT_THAT(tokyo.relayctl({"fingerprint"}).output, HasSubstr(tokyo.pin()));
}

TEST_F(NotStarted, WrongArguments) {
  EXPECT_EQ(run({relayd(), "--frobnicate"}).status, kUsage);
  EXPECT_EQ(tokyo.relayctl({"frobnicate"}).status, kUsage);
  EXPECT_EQ(run({relayd(), "--help"}).status, 0);
  EXPECT_THAT(run({relayd(), "--version"}).output, StartsWith("relayd "));
}

}  // namespace
}  // namespace tsmtp::support
