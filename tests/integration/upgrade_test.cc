// One relayd takes over from another: sockets, ledger and links, and who is in charge when it fails.
#include <sys/stat.h>
#include <sysexits.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "relayd/base/notify_socket.h"
#include "tests/support/datagram_reader.h"
#include "tests/support/two_hubs.h"
#include "tests/support/upgraded_hub.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1))
    ++count;
  return count;
}

/// Nobody has room for another message there.
void fill_up(const std::string& notify_socket) {
  const ServiceManager manager(notify_socket);
  const base::NotifySocket full;
  while (full.tell("STATUS=full", base::NotifySocket::Patience::kNone)) {
  }
}

class Upgrade : public TwoHubs {
 protected:
  void SetUp() override {
    const ServiceManager manager(tokyo.file("notify"));
    TwoHubs::SetUp();
  }
  void TearDown() override {
    end_serving(tokyo);
    end_serving(birl);
    TwoHubs::TearDown();
  }
  /// The process that serves afterwards.
  pid_t upgrade(Hub& hub) {
    const pid_t before = serving_process(hub);
    const Finished done = hub.relayctl({"upgrade"});
    EXPECT_EQ(done.status, 0) << done.output;
    EXPECT_THAT(done.output, HasSubstr("upgraded: process "));
    const pid_t after = serving_process(hub);
    EXPECT_NE(before, after);
    return after;
  }
};

TEST_F(Upgrade, NewSessionsAreTheNewProcesssAndTheOldOneEnds) {
  const pid_t serves = upgrade(tokyo);
  EXPECT_NE(serves, tokyo.process().pid());
  EXPECT_EQ(tokyo.process().wait(), 0);
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_THAT(client.command("QUIT"), StartsWith("221 "));
  const pid_t next = upgrade(tokyo);
  EXPECT_NE(next, serves);
  EXPECT_TRUE(wait_until([&] { return !is_there(serves); }));
}

TEST_F(Upgrade, AMailUnderWayGoesOnWithTheOldProcess) {
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  (void)upgrade(tokyo);
  EXPECT_TRUE(tokyo.process().running());
  ASSERT_TRUE(wait_until([&] { return tokyo.status()["predecessor"] != nullptr; }));
  const auto before = tokyo.status()["predecessor"];
  EXPECT_EQ(before.value("pid", 0), tokyo.process().pid()) << before;
  EXPECT_EQ(before.value("sessions", 0), 1) << before;
  EXPECT_EQ(before.value("mails", 0), 1) << before;
  EXPECT_THAT(tokyo.relayctl({"status"}).output,
              HasSubstr(", has 1 session, 1 mail under way, 0 connections;"));
  EXPECT_THAT(client.command("."), StartsWith("250 "));
  EXPECT_EQ(tokyo.process().wait(), 0);
  EXPECT_THAT(send_mail(client, "Subject: y\r\n\r\n"), StartsWith("250 "));
  EXPECT_THAT(client.command("QUIT"), StartsWith("221 "));
  EXPECT_TRUE(wait_until([&] { return tokyo.status()["predecessor"] == nullptr; }));
  EXPECT_EQ(birl_mta.count(), 2U);
}

TEST_F(Upgrade, SessionsGoOnWithTheNewProcessBetweenTwoMails) {
  Connection in_use = session();
  EXPECT_THAT(send_mail(in_use, "Subject: x\r\n\r\n"), StartsWith("250 "));
  Connection greeted(endpoint_address(), endpoint_port);
  ASSERT_THAT(greeted.reply(), StartsWith("220 "));
  Connection in_a_mail = session();
  begin_mail(in_a_mail, "Subject: y\r\n\r\n");
  Connection in_a_line = session();
  ASSERT_TRUE(in_a_line.send("NO"));
  (void)upgrade(tokyo);
  EXPECT_THAT(in_a_mail.command("."), StartsWith("250 "));
  EXPECT_THAT(in_a_line.command("OP"), StartsWith("250 "));
  EXPECT_EQ(tokyo.process().wait(), 0) << "though they are all connected";
  EXPECT_THAT(greeted.command("EHLO x"), StartsWith("250-"));
  for (Connection* const client : {&in_use, &greeted, &in_a_mail, &in_a_line})
    EXPECT_THAT(send_mail(*client, "Subject: z\r\n\r\n"), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 6U);
}

/// A session is between the two processes: the old one has given it away, and the new one has yet to read it.
class SessionInFlight : public Upgrade {
 protected:
  void SetUp() override {
    Upgrade::SetUp();
    client = std::make_unique<Connection>(session());
    EXPECT_TRUE(client->send("NO"));
    serves = upgrade(tokyo);
    kill(serves, SIGSTOP);
    EXPECT_THAT(client->command("OP"), StartsWith("250 "));
    EXPECT_EQ(tokyo.process().wait(), 0) << "which has nothing more to do";
  }
  std::unique_ptr<Connection> client;
  pid_t serves = 0;
};

TEST_F(SessionInFlight, GoesOnWhenTheNewProcessReadsIt) {
  kill(serves, SIGCONT);
  EXPECT_THAT(send_mail(*client, "Subject: y\r\n\r\n"), StartsWith("250 "));
}

TEST_F(SessionInFlight, EndsWithANewProcessThatIsKilled) {
  kill(serves, SIGKILL);
  EXPECT_TRUE(client->closes());
}

TEST_F(SessionInFlight, IsToldToComeAgainByANewProcessThatIsStopped) {
  kill(serves, SIGTERM);
  kill(serves, SIGCONT);
  EXPECT_THAT(client->reply(), HasSubstr("421 4.3.2 birl: this relayd is shutting down"));
  EXPECT_TRUE(wait_until([&] { return !is_there(serves); }));
}

TEST_F(Upgrade, ASessionOfAnEndpointThatIsGoneIsToldToComeAgain) {
  Connection client = session();
  endpoint_port = free_port();
  configure();
  (void)upgrade(tokyo);
  EXPECT_THAT(client.reply(), StartsWith("421 4.3.2 this relayd has been upgraded, connect to the new one"));
  EXPECT_TRUE(client.closes());
  EXPECT_TRUE(
      tokyo.logs("upgrade: a session between two mails cannot go on here: no site has the endpoint "));
  EXPECT_EQ(tokyo.process().wait(), 0);
  Connection again = session();
  EXPECT_THAT(send_mail(again, "Subject: x\r\n\r\n"), StartsWith("250 "));
}

TEST_F(Upgrade, TheNextWaitsUntilTheOldProcessHasEndedItsMail) {
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  const pid_t second = upgrade(tokyo);
  std::thread next([&] { EXPECT_EQ(tokyo.relayctl({"upgrade"}).status, 0); });
  EXPECT_THAT(client.command("."), StartsWith("250 "));
  next.join();
  EXPECT_NE(serving_process(tokyo), second);
}

TEST_F(Upgrade, AMailFromTheFarHubThatIsUnderWayGoesOnWithTheOldProcess) {
  tokyo_mta.stalled = true;
  Connection client(far_endpoint_address(), endpoint_port);
  ASSERT_THAT(client.reply(), StartsWith("220 "));
  ASSERT_THAT(client.command("EHLO mx.birl.example"), StartsWith("250-"));
  for (const char* const line : {"MAIL FROM:<b@birl.example>", "RCPT TO:<a@tokyo.example>"})
    ASSERT_THAT(client.command(line), StartsWith("250 "));
  ASSERT_THAT(client.command("DATA"), StartsWith("354 "));
  ASSERT_TRUE(client.send("Subject: x\r\n\r\n"));
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["open_transactions"] == 1; }));
  (void)upgrade(tokyo);
  tokyo_mta.stalled = false;
  EXPECT_THAT(client.command("."), StartsWith("250 "));
  EXPECT_EQ(tokyo.process().wait(), 0);
  EXPECT_EQ(tokyo_mta.count(), 1U);
}

TEST_F(Upgrade, AMailInDoubtAtTheOldProcessIsKnownToTheNewOne) {
  std::atomic<bool> holds = true;
  std::atomic<bool> has_whole_mail = false;
  birl_mta.set_script([&](const std::string& command) {
    if (command != ".") return std::string();
    has_whole_mail = true;
    (void)wait_until([&] { return !holds; });
    return std::string();
  });
  {
    Connection client = session();
    begin_mail(client, "Subject: twice\r\n\r\n");
    (void)upgrade(tokyo);
    ASSERT_TRUE(client.send(".\r\n"));
    ASSERT_TRUE(wait_until([&] { return has_whole_mail.load(); }));
    client.reset();
  }
  Connection again = session();
  EXPECT_THAT(send_mail(again, "Subject: twice\r\n\r\n"), HasSubstr("an earlier try of this mail"));
  holds = false;
  EXPECT_TRUE(wait_until([&] { return send_mail(again, "Subject: twice\r\n\r\n").starts_with("250 "); }));
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_EQ(tokyo.process().wait(), 0);
}

TEST_F(Upgrade, AProgramThatFailsLeavesTheOldOneInCharge) {
  const std::string good = read_file(tokyo.config());
  write_file(tokyo.config(), good + "nonsense = 1\n");
  Finished failed = tokyo.relayctl({"upgrade"});
  EXPECT_EQ(failed.status, EX_OSERR);
  EXPECT_THAT(failed.output, HasSubstr("the running relayd serves as before"));
  EXPECT_THAT(failed.output, AllOf(HasSubstr("relayd.toml:"), HasSubstr("error: "), HasSubstr("nonsense")));
  write_file(tokyo.config(), good);
  EXPECT_EQ(serving_process(tokyo), tokyo.process().pid());
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  (void)upgrade(tokyo);
}

TEST_F(Upgrade, WhatAnUpgradeCannotDoIsSaid) {
  const std::string good = read_file(tokyo.config());
  std::string other = good;
  other.replace(other.find("/state\""), 7, "/other\"");
  write_file(tokyo.config(), other);
  const Finished refused = tokyo.relayctl({"upgrade"});
  EXPECT_EQ(refused.status, EX_UNAVAILABLE) << "a restart would do it";
  EXPECT_THAT(refused.output, HasSubstr("hub.state_dir has changed"));
  write_file(tokyo.config(), good);
  EXPECT_EQ(serving_process(tokyo), tokyo.process().pid());
}

// The hubs of a site know each other's processes by etcd, and would take one of the two for a hub that has
// lost what it had begun (docs/decisions/upgrade.md).
TEST_F(Upgrade, HubsThatShareOutcomesInEtcdAreRestarted) {
  const std::string alone = read_file(tokyo.config());
  std::string shared = alone;
  shared.insert(shared.find("[[site]]"), "[ledger]\nengine = \"etcd\"\nendpoints = [\"http://127.0.0.1:" +
                                             std::to_string(free_port()) + "\"]\n");
  write_file(tokyo.config(), shared);
  Finished refused = tokyo.relayctl({"upgrade"});
  EXPECT_EQ(refused.status, EX_UNAVAILABLE);
  EXPECT_THAT(refused.output, HasSubstr("[ledger] engine is etcd"));
  EXPECT_EQ(serving_process(tokyo), tokyo.process().pid());
  {
    const ServiceManager manager(tokyo.file("notify"));
    tokyo.kill();
    tokyo.start();
  }
  write_file(tokyo.config(), alone);
  refused = tokyo.relayctl({"upgrade"});
  EXPECT_EQ(refused.status, EX_UNAVAILABLE);
  EXPECT_THAT(refused.output, AllOf(HasSubstr("no upgrade: [ledger] engine is etcd"),
                                    HasSubstr("restart relayd instead, one hub of the site at a time")));
  EXPECT_EQ(serving_process(tokyo), tokyo.process().pid());
}

TEST_F(Upgrade, AnOldProcessThatIsKilledLeavesItsLedgerToTheNewOne) {
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  const pid_t serves = upgrade(tokyo);
  tokyo.kill();
  ASSERT_TRUE(tokyo.logs("the relayd before this one has ended"));
  Connection other = session();
  EXPECT_THAT(send_mail(other, "Subject: y\r\n\r\n"), StartsWith("250 "));
  EXPECT_EQ(serving_process(tokyo), serves);
  EXPECT_NE(upgrade(tokyo), serves);
}

TEST_F(Upgrade, FarHubsThatAreUpgradedTooNoticeNothing) {
  for (int i = 0; i < 3; ++i) {
    (void)upgrade(i % 2 == 0 ? birl : tokyo);
    Connection client = session();
    EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
  }
  EXPECT_EQ(birl_mta.count(), 3U);
}

// systemd hears the main process alone: what another one says is lost.
TEST_F(Upgrade, TheServiceManagerHearsTheOneThatServes) {
  DatagramReader manager(tokyo.file("told"));
  setenv("NOTIFY_SOCKET", tokyo.file("told").c_str(), 1);
  setenv("WATCHDOG_USEC", "100000", 1);
  tokyo.kill();
  tokyo.start();
  unsetenv("NOTIFY_SOCKET");
  unsetenv("WATCHDOG_USEC");
  ASSERT_TRUE(link_is_up());
  const pid_t before = tokyo.process().pid();
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  pid_t after = 0;
  // The kernel keeps ten datagrams for a manager that does not read.
  std::thread upgrading([&] { after = upgrade(tokyo); });
  EXPECT_TRUE(manager.hears("MAINPID="));
  const std::string told = manager.last();
  EXPECT_EQ(manager.sender(), before);
  EXPECT_TRUE(manager.hears("READY=1\nSTATUS=hub tokyo: "));
  const pid_t ready = manager.sender();
  upgrading.join();
  EXPECT_THAT(told, HasSubstr("MAINPID=" + std::to_string(after)));
  EXPECT_EQ(ready, after);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(manager.hears("WATCHDOG=1"));
    EXPECT_EQ(manager.sender(), after);
  }
  EXPECT_TRUE(tokyo.process().running()) << "the old one, which has a session";
}

// To a manager that has no room for MAINPID=, the end of the old process would be the end of relayd.
TEST_F(Upgrade, TheOldProcessStaysUntilTheServiceManagerHasHeardOfTheNewOne) {
  DatagramReader manager(tokyo.file("told"));
  setenv("NOTIFY_SOCKET", tokyo.file("told").c_str(), 1);
  tokyo.kill();
  tokyo.start();
  unsetenv("NOTIFY_SOCKET");
  ASSERT_TRUE(link_is_up());
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  fill_up(tokyo.file("told"));
  const pid_t serves = upgrade(tokyo);
  ASSERT_TRUE(tokyo.logs("upgrade: the service manager takes no message"));
  EXPECT_THAT(client.command("."), StartsWith("250 ")) << "mail does not wait for the service manager";
  EXPECT_THAT(send_mail(client, "Subject: y\r\n\r\n"), StartsWith("250 "));
  EXPECT_TRUE(tokyo.process().running());
  EXPECT_TRUE(manager.hears("MAINPID=" + std::to_string(serves)));
  EXPECT_EQ(manager.sender(), tokyo.process().pid());
  EXPECT_TRUE(manager.hears("READY=1\n"));
  EXPECT_EQ(manager.sender(), serves) << "which is heard since";
  EXPECT_EQ(tokyo.process().wait(), 0);
}

// Whoever stops the service stops both, and the next relayd finds the ledger free.
TEST_F(Upgrade, ANewProcessThatIsStoppedEndsAfterTheOldOne) {
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  const pid_t serves = upgrade(tokyo);
  kill(serves, SIGTERM);
  ASSERT_TRUE(wait_until([&] { return count_of(tokyo.log(), "shutting down: no new transactions") == 2; }));
  EXPECT_TRUE(is_there(serves));
  EXPECT_THAT(client.command("."), StartsWith("250 "));
  EXPECT_EQ(tokyo.process().wait(), 0);
  EXPECT_TRUE(wait_until([&] { return !is_there(serves); }));
  EXPECT_THAT(tokyo.log(), Not(HasSubstr("drain_timeout is over")));
  tokyo.start();
}

// systemd starts another one in its place two seconds later.
TEST_F(Upgrade, ANewProcessThatIsKilledTakesTheOldOneAlong) {
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  const pid_t serves = upgrade(tokyo);
  kill(serves, SIGKILL);
  EXPECT_EQ(tokyo.process().wait(), 0);
  EXPECT_THAT(tokyo.log(), HasSubstr("those under way have 1 seconds"));
  tokyo.start();
}

// relayd is started by a name of its own, under which other programs are installed.
class InstalledRelayd : public Upgrade {
 protected:
  InstalledRelayd() { std::filesystem::create_symlink(TSMTP_RELAYD, tokyo.file("relayd")); }
  void install(const std::string& program) { std::filesystem::rename(program, tokyo.file("relayd")); }
  std::string another() {
    std::filesystem::copy_file(TSMTP_RELAYD, tokyo.file("new"));
    return tokyo.file("new");
  }
};

TEST_F(InstalledRelayd, TakesOverAtAReloadIfItIsAnother) {
  const pid_t first = serving_process(tokyo);
  EXPECT_THAT(tokyo.relayctl({"reload", "--upgrade"}).output, StartsWith("reloaded, 1 site"));
  EXPECT_EQ(serving_process(tokyo), first);
  install(another());
  const Finished done = tokyo.relayctl({"reload", "--upgrade"});
  EXPECT_EQ(done.status, 0) << done.output;
  EXPECT_THAT(done.output, StartsWith("upgraded: process "));
  const pid_t second = serving_process(tokyo);
  EXPECT_NE(second, first);
  ASSERT_EQ(tokyo.process().wait(), 0);
  EXPECT_THAT(tokyo.relayctl({"reload", "--upgrade"}).output, StartsWith("reloaded, 1 site"));
  EXPECT_EQ(serving_process(tokyo), second);
}

TEST_F(InstalledRelayd, ThatDoesNotStartIsNotedAtAReload) {
  write_file(tokyo.file("new"), "#!/bin/sh\nexit 1\n");
  chmod(tokyo.file("new").c_str(), 0755);
  install(tokyo.file("new"));
  const Finished failed = tokyo.relayctl({"reload", "--upgrade"});
  EXPECT_EQ(failed.status, EX_OSERR);
  EXPECT_THAT(failed.output, HasSubstr("the running relayd serves as before"));
  EXPECT_EQ(serving_process(tokyo), tokyo.process().pid());
}

/// What has started relayd watches that process, and nothing else: a supervisor, a script, a container.
class UpgradeUnderASupervisor : public TwoHubs {
 protected:
  void TearDown() override {
    end_serving(tokyo);
    TwoHubs::TearDown();
  }
  pid_t upgrade() {
    const Finished done = tokyo.relayctl({"upgrade"});
    EXPECT_EQ(done.status, 0) << done.output;
    return serving_process(tokyo);
  }
  /// The first process has nothing more to do but to stay.
  void expect_mail() {
    Connection client = session();
    EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
    EXPECT_THAT(client.command("QUIT"), StartsWith("221 "));
  }
};

TEST_F(UpgradeUnderASupervisor, TheProcessThatItWatchesStaysForAllUpgradesAndEndsWithTheLast) {
  pid_t before = tokyo.process().pid();
  for (int i = 0; i < 3; ++i) {
    const pid_t after = upgrade();
    EXPECT_NE(after, before);
    if (i > 0) {
      EXPECT_TRUE(wait_until([&] { return !is_there(before); }));
    }
    ASSERT_TRUE(tokyo.logs("all that this process had begun is over, stopping"));
    before = after;
    expect_mail();
    EXPECT_TRUE(tokyo.process().running());
  }
  kill(tokyo.process().pid(), SIGTERM);
  EXPECT_EQ(tokyo.process().wait(), 0);
  EXPECT_FALSE(is_there(before));
}

TEST_F(UpgradeUnderASupervisor, AReloadThatItAsksForIsTheOneThatServes) {
  (void)upgrade();
  ASSERT_TRUE(tokyo.logs("all that this process had begun is over, stopping"));
  kill(tokyo.process().pid(), SIGHUP);
  EXPECT_TRUE(tokyo.logs("reloaded"));
}

TEST_F(UpgradeUnderASupervisor, ACrashOfTheOneThatServesIsItsCrash) {
  const pid_t serves = upgrade();
  ASSERT_TRUE(tokyo.logs("all that this process had begun is over, stopping"));
  kill(serves, SIGKILL);
  EXPECT_NE(tokyo.process().wait(), 0);
}

TEST_F(UpgradeUnderASupervisor, WhenItKillsWhatItWatchesNoRelaydIsLeft) {
  const pid_t serves = upgrade();
  ASSERT_TRUE(tokyo.logs("all that this process had begun is over, stopping"));
  tokyo.kill();
  EXPECT_TRUE(wait_until([&] { return !is_there(serves); }));
  EXPECT_TRUE(tokyo.logs("the process that a supervisor has started is gone"));
}

TEST_F(UpgradeUnderASupervisor, ANewOneThatDiesLeavesNothingBehind) {
  Connection client = session();
  begin_mail(client, "Subject: x\r\n\r\n");
  const pid_t serves = upgrade();
  kill(serves, SIGKILL);
  EXPECT_TRUE(wait_until([&] { return serving_process(tokyo) == tokyo.process().pid(); }));
  EXPECT_TRUE(wait_until([&] { return kill(serves, 0) != 0; })) << "nobody has waited for it";
  expect_mail();
  EXPECT_NE(upgrade(), serves);
}

}  // namespace
}  // namespace tsmtp::support
