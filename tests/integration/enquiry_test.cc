// P4 for mails that nobody tries again: relayd asks in the background how they ended, and they hold nobody
// up.
#include <poll.h>

#include <csignal>
#include <map>
#include <random>
#include <set>

#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::chrono::seconds kSoon{40};

std::string content_of(int mail) {
  return "Subject: mail " + std::to_string(mail) + "\r\n\r\ntext\r\n";
}

class P4_Enquiry : public TwoHubs {
 protected:
  void SetUp() override { start("resume_window = \"0s\"\n"); }

  [[nodiscard]] int in_doubt(const std::string& site = "birl") const {
    return tokyo.site_status(site).at("in_doubt").get<int>();
  }
  [[nodiscard]] nlohmann::json doubts() const {
    return nlohmann::json::parse(tokyo.relayctl({"doubts", "--json"}).output).at("mails");
  }

  /// Our MTA goes with that mail's final reply unread.
  void leave_unread(Connection& client) {
    pollfd readable{.fd = client.fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&readable, 1, 20'000), 1);
    client.reset();
  }
  void leave_in_doubt(int mail) {
    Connection client = session();
    begin_mail(client, content_of(mail));
    client.send(".\r\n");
    leave_unread(client);
  }
  /// The end of content leaves tokyo and never comes to birl.
  void lose_commit(int mail) {
    Connection client = session();
    begin_mail(client, content_of(mail));
    path.holding = true;
    client.send(".\r\n");
    ASSERT_TRUE(wait_until([&] { return path.held > 0; }));
    path.cut();
    EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: link down"));
    path.holding = false;
  }

  [[nodiscard]] std::string again(int mail) {
    Connection client = session();
    const std::string reply = send_mail(client, content_of(mail));
    (void)client.command("QUIT");
    return reply;
  }
  [[nodiscard]] std::map<std::string, int> deliveries() const {
    std::map<std::string, int> counts;
    for (const Delivered& mail : birl_mta.delivered())
      for (const std::string& recipient : mail.recipients)
        ++counts[mail.content.substr(0, mail.content.find('\r')) + " to " + recipient];
    return counts;
  }

  void rename(Hub& hub, const std::string& from, const std::string& to) {
    std::string text = read_file(hub.config());
    const std::string old_name = "name = \"" + from + '"';
    ASSERT_NE(text.find(old_name), std::string::npos);
    text.replace(text.find(old_name), old_name.size(), "name = \"" + to + '"');
    write_file(hub.config(), text);
  }
};

// A mail whose reply nobody read is known to be delivered once the link is up again. It stays for a second
// try.
TEST_F(P4_Enquiry, DeliveredIsInDoubtNoMoreAndAnswersASecondTry) {
  leave_in_doubt(1);
  ASSERT_TRUE(wait_until([&] { return in_doubt() == 1; }));
  path.cut();
  ASSERT_TRUE(link_is_up());
  ASSERT_TRUE(wait_until([&] { return in_doubt() == 0; }, kSoon)) << tokyo.log();
  ASSERT_EQ(doubts().size(), 1U);
  EXPECT_EQ(doubts().at(0).at("delivered"), true);
  EXPECT_THAT(tokyo.relayctl({"doubts"}).output,
              HasSubstr("0 mails in doubt, 1 delivered and kept in case the MTA tries again"));
  EXPECT_THAT(again(1), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_TRUE(wait_until([&] { return doubts().empty(); }));
}

TEST_F(P4_Enquiry, WhatTheFarSideNeverHadIsForgotten) {
  lose_commit(1);
  ASSERT_TRUE(link_is_up());
  ASSERT_TRUE(wait_until([&] { return doubts().empty(); }, kSoon)) << tokyo.log();
  EXPECT_EQ(birl_mta.count(), 0U);
  EXPECT_THAT(again(1), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 1U);
}

// While the far MTA ponders, nothing is known, and nothing is forgotten.
TEST_F(P4_Enquiry, PendingStaysInDoubt) {
  std::atomic<bool> asked{false}, released{false};
  birl_mta.set_script([&](const std::string& command) -> std::string {
    if (command != "." || asked.exchange(true)) return "";
    (void)wait_until([&] { return released.load(); });
    return "250 2.0.0 first try\r\n";
  });
  {
    Connection client = session();
    begin_mail(client, content_of(1));
    client.send(".\r\n");
    ASSERT_TRUE(wait_until([&] { return asked.load(); }));
    path.cut();
    EXPECT_THAT(client.reply(), StartsWith("451 "));
  }
  ASSERT_TRUE(wait_until([&] { return birl.site_status("tokyo")["frames"]["opens_in"] == 2; })) << "asked";
  EXPECT_EQ(in_doubt(), 1);
  EXPECT_THAT(again(1), StartsWith("451 "));
  released = true;
  ASSERT_TRUE(wait_until([&] { return birl_mta.count() == 1; }));
  path.cut();
  ASSERT_TRUE(link_is_up());
  ASSERT_TRUE(wait_until([&] { return in_doubt() == 0; }, kSoon));
  EXPECT_EQ(again(1), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

// LMTP: the one who was refused then is in doubt no more, the other gets the known reply.
TEST_F(P4_Enquiry, EachRecipientOfLmtpHasItsOwnOutcome) {
  std::atomic<bool> refuses{true};
  birl_mta.set_script([&](const std::string& command) -> std::string {
    const bool is_c = command.find("c@birl.example") != std::string::npos;
    return is_c && refuses ? "550 5.1.1 nobody\r\n" : "";
  });
  {
    Connection client = raw_session();
    EXPECT_THAT(client.command("LHLO mx.tokyo.example"), StartsWith("250"));
    EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("RCPT TO:<c@birl.example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
    client.send(content_of(1) + ".\r\n");
    leave_unread(client);
  }
  ASSERT_TRUE(wait_until([&] { return in_doubt() == 1; }));
  path.cut();
  ASSERT_TRUE(link_is_up());
  ASSERT_TRUE(wait_until([&] { return in_doubt() == 0; }, kSoon));
  refuses = false;
  std::vector<std::string> replies;
  // c is no second try any more, and shares no mail with b, who is: it comes again.
  for (int i = 0; i < 3; ++i) {
    Connection client = raw_session();
    (void)client.command("LHLO mx.tokyo.example");
    EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
    const std::string c = client.command("RCPT TO:<c@birl.example>");
    EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
    client.send(content_of(1) + ".\r\n");
    replies.push_back(client.reply());
    if (c.starts_with("250")) (void)client.reply();
    (void)client.command("QUIT");
    if (replies.back().starts_with("250")) break;
  }
  EXPECT_THAT(replies.back(), StartsWith("250 "));
  EXPECT_EQ(deliveries()["Subject: mail 1 to b@birl.example"], 1);
}

// A site is its key. Renamed with mails in doubt, here or there, by a reload or a restart, it forgets none.
TEST_F(P4_Enquiry, RenamedSitesKeepTheirDoubtsAndOutcomes) {
  leave_in_doubt(1);
  leave_in_doubt(2);
  ASSERT_TRUE(wait_until([&] { return in_doubt() == 2; }));
  rename(tokyo, "birl", "bonn");
  rename(birl, "tokyo", "kyoto");
  ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(tokyo.wait_for_link("bonn"));
  EXPECT_EQ(tokyo.site_status("bonn").at("links_up_total"), 1) << "the link stays up";
  EXPECT_TRUE(tokyo.logs("birl: is called bonn from now on"));
  EXPECT_EQ(in_doubt("bonn"), 2);
  EXPECT_THAT(again(1), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 2U);

  rename(tokyo, "bonn", "berlin");
  rename(birl, "kyoto", "osaka");
  tokyo.kill();
  birl.kill();
  birl.start();
  tokyo.start();
  ASSERT_TRUE(tokyo.wait_for_link("berlin"));
  ASSERT_TRUE(wait_until([&] { return in_doubt("berlin") == 0; }, kSoon));
  EXPECT_THAT(again(2), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 2U);
}

// What has been counted as in doubt by hundreds falls to nothing by itself, and nothing is lost or comes
// twice.
TEST_F(P4_Enquiry, ManyDoubtsGoByThemselves) {
  constexpr int kMails = 60;
  std::mt19937 random(7);
  std::set<int> read;  // their replies: to send such a mail again is to send another
  for (int mail = 0; mail < kMails; ++mail) {
    Connection client = session();
    begin_mail(client, content_of(mail));
    client.send(".\r\n");
    switch (random() % 3) {
      case 0:
        leave_unread(client);
        break;
      case 1:
        client.reset();
        break;
      default:
        (void)client.reply();
        client.reset();
        read.insert(mail);
    }
    if (mail % 15 == 7) {
      path.cut();
      ASSERT_TRUE(link_is_up());
    }
    if (mail == kMails / 2) {
      birl.kill();
      birl.start();
      ASSERT_TRUE(link_is_up());
    }
  }
  tokyo.kill();
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  ASSERT_TRUE(wait_until([&] { return in_doubt() == 0; }, kSoon)) << tokyo.log();
  for (int mail = 0; mail < kMails; ++mail)
    EXPECT_THAT(again(mail), StartsWith("250 "));
  auto counts = deliveries();
  for (int mail = 0; mail < kMails; ++mail) {
    const int times = counts["Subject: mail " + std::to_string(mail) + " to b@birl.example"];
    EXPECT_GE(times, 1) << mail;
    EXPECT_LE(times, read.contains(mail) ? 2 : 1) << mail;
  }
  EXPECT_TRUE(wait_until([&] { return in_doubt() == 0; }));
}

// A site that is taken out of the configuration: its link ends at once, what its MTA ponders is known later.
TEST_F(P4_Enquiry, ARemovedSiteLosesItsLinkAtOnceAndNoMail) {
  std::atomic<bool> asked{false}, released{false};
  birl_mta.set_script([&](const std::string& command) -> std::string {
    if (command != "." || asked.exchange(true)) return "";
    (void)wait_until([&] { return released.load(); });
    return "250 2.0.0 first try\r\n";
  });
  const std::string before = read_file(birl.config());
  Connection client = session();
  begin_mail(client, content_of(1));
  client.send(".\r\n");
  ASSERT_TRUE(wait_until([&] { return asked.load(); }));
  write_file(birl.config(), before.substr(0, before.find("[[site]]")));
  const auto removed = std::chrono::steady_clock::now();
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: "));
  EXPECT_LT(std::chrono::steady_clock::now() - removed, std::chrono::seconds(10)) << "not drain_timeout";
  EXPECT_TRUE(tokyo.wait_for_link_down("birl"));
  EXPECT_TRUE(birl.logs("tokyo: is no longer configured; its link is closed"));
  write_file(birl.config(), before);
  ASSERT_EQ(birl.relayctl({"reload"}).status, 0);
  ASSERT_TRUE(link_is_up());
  EXPECT_THAT(again(1), StartsWith("451 ")) << "its MTA has it still";
  released = true;
  std::string reply;
  EXPECT_TRUE(wait_until([&] {
    reply = again(1);
    return reply.starts_with("250");
  }));
  EXPECT_EQ(reply, "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

}  // namespace
}  // namespace tsmtp::support
