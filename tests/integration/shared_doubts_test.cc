// P4 with two hubs at the near side that share their doubts through a real etcd: tokyo and osaka are hubs of
// one site, and the queue of the MTA of one is handed to the other. Whatever is killed, at whatever moment,
// each mail is delivered once, and the last reply is true.
#include "tests/integration/nothing_twice.h"
#include "tests/support/audit_record_of.h"
#include "tests/support/etcd_cluster.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

class P4_SharedDoubts : public P4_NothingTwice {
 protected:
  void SetUp() override {
    if (!EtcdCluster::is_installed()) GTEST_SKIP() << "there is no etcd on this machine";
    etcd_ = std::make_unique<EtcdCluster>();
    configure_all();
    birl.start();
    tokyo.start();
    osaka_.start();
    ASSERT_TRUE(tokyo.wait_for_link("birl")) << tokyo.log() << birl.log();
    ASSERT_TRUE(osaka_.wait_for_link("birl")) << osaka_.log() << birl.log();
  }
  void TearDown() override {
    if (etcd_) etcd_->heal();
    if (etcd_ && osaka_.process().running()) {
      osaka_.process().signal(SIGTERM);
      osaka_.process().signal(SIGTERM);
      EXPECT_EQ(osaka_.process().wait(), 0) << osaka_.log();
    }
    if (etcd_) TwoHubs::TearDown();
    if (HasFailure()) ADD_FAILURE() << "osaka's log:\n" << osaka_.log();
  }

  void configure_all(const std::string& ledger_keys = "") {
    const std::string ledger = "[ledger]\nengine = \"etcd\"\nendpoints = [\"" + etcd_->url(0) +
                               "\"]\nprefix = \"/japan\"\ntimeout = \"2s\"\nshare_doubts = true\n" +
                               ledger_keys;
    const auto site = [&](const std::string& address, std::uint16_t dialled, std::uint16_t deliver) {
      return SiteEntry{.name = "birl",
                       .pin = birl.pin(),
                       .dial = {"127.0.0.1:" + std::to_string(dialled)},
                       .address = address,
                       .port = endpoint_port,
                       .deliver = deliver,
                       .more = "resume_window = \"0s\"\n" + ledger};
    };
    tokyo.configure({site(endpoint_address(), proxy_port, tokyo_mta_port)});
    osaka_.configure({site(third_address(), link_port, tokyo_mta_port)});
    birl.configure({});
    write_file(birl.config(), read_file(birl.config()) + "[[site]]\nname = \"tokyo\"\naddress = \"" +
                                  far_endpoint_address() + "\"\nendpoint = [\"" + far_endpoint_address() +
                                  ":" + std::to_string(endpoint_port) +
                                  "\"]\ndeliver = \"127.0.0.1:" + std::to_string(birl_mta_port) +
                                  "\"\ndomains = [\"tokyo.example\"]\nlocal = [\"birl.example\"]\n"
                                  "[[site.hub]]\nname = \"tokyo\"\npin = [\"" +
                                  tokyo.pin() + "\"]\n[[site.hub]]\nname = \"osaka\"\npin = [\"" +
                                  osaka_.pin() + "\"]\n");
  }

  [[nodiscard]] Connection osaka_session() const {
    Connection session(third_address(), endpoint_port);
    EXPECT_THAT(session.reply(), StartsWith("220 "));
    EXPECT_THAT(session.command("EHLO mx.tokyo.example"), StartsWith("250-"));
    return session;
  }
  /// One try of the mail at osaka.
  [[nodiscard]] std::string try_at_osaka(const std::string& content = kContent) const {
    Connection session = osaka_session();
    const std::string reply = send_mail(session, content);
    if (reply.starts_with("2")) {
      EXPECT_THAT(session.command("QUIT"), StartsWith("221"));
    }
    return reply;
  }
  /// As an MTA that takes the queue over.
  [[nodiscard]] std::string deliver_at_osaka() const {
    std::string reply;
    (void)wait_until([&] { return (reply = try_at_osaka()).starts_with("2"); });
    return reply;
  }
  [[nodiscard]] std::size_t doubts_in_etcd() const {
    const std::string keys = etcd_->ctl({"get", "--prefix", "--keys-only", "/japan/doubts/"}).output;
    std::size_t count = 0;
    for (std::size_t at = keys.find("/japan/"); at != std::string::npos; at = keys.find("/japan/", at + 1))
      ++count;
    return count;
  }

  std::unique_ptr<EtcdCluster> etcd_;
  Hub osaka_{"osaka", 0};
};

// The doubt is in etcd, and the end of content has not come to the far side: nobody ever had that mail.
TEST_F(P4_SharedDoubts, KilledBetweenTheDoubtAndTheCommit) {
  Connection client = session();
  begin_mail(client, kContent);
  path.holding = true;
  client.send(".\r\n");
  ASSERT_TRUE(wait_until([&] { return doubts_in_etcd() == 1; }));
  tokyo.kill();
  path.cut();
  EXPECT_THAT(deliver_at_osaka(), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_TRUE(wait_until([&] { return doubts_in_etcd() == 0; }));
}

TEST_F(P4_SharedDoubts, KilledWhileTheFarMtaPonders) {
  Connection client = session_with_a_mail_taken();
  tokyo.kill();
  EXPECT_THAT(try_at_osaka(), HasSubstr("an earlier try of this mail is still being delivered"));
  EXPECT_THAT(osaka_.relayctl({"doubts"}).output, HasSubstr("first tried by hub tokyo"));
  EXPECT_EQ(osaka_.status()["shared_doubts"]["of_others"], 1);
  final_released = true;
  EXPECT_EQ(deliver_at_osaka(), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_TRUE(wait_until([&] { return doubts_in_etcd() == 0; }));
  // It comes back, and learns that it has nothing to tell.
  tokyo.start();
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
}

TEST_F(P4_SharedDoubts, KilledWithTheReplyUnread) {
  Connection client = session_with_a_mail_taken();
  final_released = true;
  ASSERT_TRUE(wait_until([&] {
    pollfd waiting{.fd = client.fd(), .events = POLLIN, .revents = 0};
    return poll(&waiting, 1, 0) == 1;
  }));
  tokyo.kill();
  EXPECT_EQ(deliver_at_osaka(), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

// Both are alive, and have the mail at once: a queue without a lock.
TEST_F(P4_SharedDoubts, TheSameMailAtBothHubs) {
  Connection client = session_with_a_mail_taken();
  EXPECT_THAT(try_at_osaka(), HasSubstr("an earlier try of this mail is still being delivered"));
  final_released = true;
  EXPECT_EQ(client.reply(), "250 2.0.0 first try\r\n");
  EXPECT_EQ(deliver_at_osaka(), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_SharedDoubts, AllHubsHaveOneKeyAndAMailLeavesNothing) {
  EXPECT_THAT(try_at_osaka("Subject: one\r\n\r\n1\r\n"), StartsWith("250 "));
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: two\r\n\r\n2\r\n"), StartsWith("250 "));
  client.command("QUIT");
  EXPECT_EQ(read_file(tokyo.file("state/digest.key")), read_file(osaka_.file("state/digest.key")));
  EXPECT_TRUE(etcd_->value("/japan/digest-key"));
  EXPECT_TRUE(wait_until([&] { return doubts_in_etcd() == 0; }));
  EXPECT_EQ(birl_mta.count(), 2U);
}

TEST_F(P4_SharedDoubts, EtcdAwayPutsMailOffAndComesBackByItself) {
  Connection client = session_with_a_mail_taken();
  etcd_->kill(0);
  EXPECT_THAT(try_at_osaka("Subject: other\r\n\r\n1\r\n"),
              MatchesRegex("451 4.3.0 hub osaka: sharing of doubts is down since [^(]* \\(etcd .*\\)\r\n"));
  EXPECT_THAT(osaka_.relayctl({"status"}).output, HasSubstr("NOT SHARED"));
  // A mail that is under way goes on to its end, and what cannot be erased is erased later.
  final_released = true;
  EXPECT_EQ(client.reply(), "250 2.0.0 first try\r\n");
  EXPECT_THAT(client.command("QUIT"), StartsWith("221"));
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
  etcd_->restart(0);
  EXPECT_TRUE(wait_until([&] { return doubts_in_etcd() == 0; }));
  EXPECT_TRUE(wait_until([&] { return try_at_osaka("Subject: other\r\n\r\n1\r\n").starts_with("250"); }));
  EXPECT_EQ(birl_mta.count(), 2U);
}

TEST_F(P4_SharedDoubts, EtcdThatHangsIsWaitedForNoLongerThanItsTimeout) {
  Connection first = session();
  EXPECT_THAT(send_mail(first, "Subject: first\r\n\r\n1\r\n"), StartsWith("250 "));
  etcd_->freeze(0);
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent),
              StartsWith("451 4.3.0 hub tokyo: sharing of doubts is down since"));
  etcd_->thaw(0);
  EXPECT_THAT(deliver_at_osaka(), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 2U);
}

TEST_F(P4_SharedDoubts, MailGoesOnAloneWhereThatIsWanted) {
  tokyo.kill();
  configure_all("on_engine_loss = \"local\"\n");
  keep_audit_record(tokyo);
  tokyo.start();
  ASSERT_TRUE(tokyo.wait_for_link("birl"));
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: first\r\n\r\n1\r\n"), StartsWith("250 "));
  etcd_->kill(0);
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_TRUE(wait_until([&] { return audit_record_of(tokyo).size() == 2; }));
  EXPECT_EQ(audit_record_of(tokyo)[0]["without_etcd"], false);
  EXPECT_EQ(audit_record_of(tokyo)[1]["without_etcd"], true);
  EXPECT_EQ(tokyo.status()["shared_doubts"]["alone"], 1);
  EXPECT_THAT(tokyo.relayctl({"status"}).output, HasSubstr("mails go on, remembered by this hub alone"));
}

// An etcd that was away at the start: no key is known, and mail waits for it.
TEST_F(P4_SharedDoubts, AHubStartsWithoutEtcd) {
  osaka_.kill();
  etcd_->kill(0);
  osaka_.start();
  ASSERT_TRUE(osaka_.wait_for_link("birl"));
  EXPECT_THAT(try_at_osaka(), StartsWith("451 4.3.0 hub osaka: sharing of doubts is down since"));
  etcd_->restart(0);
  EXPECT_THAT(deliver_at_osaka(), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
}

}  // namespace
}  // namespace tsmtp::support
