// P4 where the near relayd, its client or the link ends: every accepted mail is delivered, and delivered
// once.
#include "tests/integration/nothing_twice.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST_F(P4_NothingTwice, NearRelaydKilledBeforeItCouldReply) {
  Connection client = session_with_a_mail_taken();
  tokyo.kill();
  final_released = true;
  tokyo.start();
  ASSERT_TRUE(link_is_up());
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, ClientGoneBeforeTheReply) {
  Connection client = session_with_a_mail_taken();
  client.reset();
  ASSERT_TRUE(tokyo.logs("in doubt until our MTA tries again"));
  EXPECT_EQ(tokyo.site_status("birl")["in_doubt"], 1);
  final_released = true;
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
}

// The known 250 wins over whatever is said to the second try, wherever it is said.
TEST_F(P4_NothingTwice, RefusalsOfTheSecondTryBounceNothing) {
  for (const char* early : {"true", "false"}) {
    for (const char* refused : {"MAIL", "RCPT", "DATA"}) {
      SCOPED_TRACE(std::string(refused) + " is refused, early_reply = " + early);
      configure(std::string("resume_window = \"0s\"\nearly_reply = ") + early);
      ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
      final_asked = final_released = false;
      Connection client = session_with_a_mail_taken();
      client.reset();
      ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 1; }));
      final_released = true;
      birl_mta.set_script([refused](const std::string& command) -> std::string {
        return command.starts_with(refused) ? "550 5.1.1 not any more\r\n" : "";
      });
      EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
      EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
    }
  }
  EXPECT_EQ(birl_mta.count(), 6U);
}

// Nor do rules of our own that are newer than the delivery.
TEST_F(P4_NothingTwice, OwnRefusalsOfTheSecondTryBounceNothing) {
  for (const char* early : {"true", "false"}) {
    SCOPED_TRACE(std::string("early_reply = ") + early);
    configure(std::string("resume_window = \"0s\"\nearly_reply = ") + early);
    ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
    final_asked = final_released = false;
    Connection client = session_with_a_mail_taken();
    client.reset();
    ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 1; }));
    final_released = true;
    std::string rules = read_file(tokyo.config());
    const std::string domains = "domains = [\"birl.example\"";
    ASSERT_NE(rules.find(domains), std::string::npos);
    rules.replace(rules.find(domains), domains.size(), "domains = [\"other.example\"");
    write_file(tokyo.config(), rules);
    ASSERT_EQ(tokyo.relayctl({"reload"}).status, 0);
    EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
    EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
    EXPECT_THAT(deliver(kContent), StartsWith("5")) << "it is in doubt no more";
  }
  EXPECT_EQ(birl_mta.count(), 2U);
}

// The administrator sees what is in doubt, and may forget it: then nothing tells a second try from another
// mail.
TEST_F(P4_NothingTwice, DoubtsAreListedAndForgotten) {
  constexpr int kDataError = 65;
  EXPECT_EQ(tokyo.relayctl({"doubts"}).output, "no mail is in doubt\n");
  {
    Connection client = session_with_a_mail_taken();
    EXPECT_EQ(tokyo.relayctl({"doubts"}).output, "no mail is in doubt\n") << "it is under way";
    client.reset();
    ASSERT_TRUE(tokyo.logs("in doubt until our MTA tries again"));
    final_released = true;
  }
  const auto listed = nlohmann::json::parse(tokyo.relayctl({"doubts", "--json"}).output);
  EXPECT_EQ(listed.at("total"), 1);
  const auto& mail = listed.at("mails").at(0);
  EXPECT_EQ(mail.at("site"), "birl");
  EXPECT_EQ(mail.at("recipients"), 1);
  EXPECT_EQ(mail.at("user"), getuid());
  EXPECT_FALSE(mail.at("tried_again_now").get<bool>());
  const auto id = mail.at("id").get<std::string>();
  ASSERT_EQ(id.size(), 32U);
  EXPECT_THAT(tokyo.relayctl({"doubts"}).output, HasSubstr(id.substr(0, 12) + "  birl "));

  const std::string unknown = (id[0] == 'f' ? "e" : "f") + id.substr(1);
  for (const std::string& wrong : {unknown, id + "0", std::string("xyz"), std::string()}) {
    const Finished refused = tokyo.relayctl({"forget", wrong});
    EXPECT_EQ(refused.status, kDataError) << wrong << ": " << refused.output;
    EXPECT_THAT(refused.output, HasSubstr("relayctl doubts lists them"));
  }
  EXPECT_EQ(tokyo.relayctl({"forget"}).status, 64);
  EXPECT_EQ(tokyo.site_status("birl")["in_doubt"], 1);

  const Finished forgotten = tokyo.relayctl({"forget", id.substr(0, 6)});
  EXPECT_EQ(forgotten.status, 0) << forgotten.output;
  EXPECT_THAT(forgotten.output, HasSubstr("may be delivered twice"));
  EXPECT_TRUE(tokyo.logs("relayctl: mail " + id.substr(0, 12)));
  EXPECT_EQ(tokyo.relayctl({"doubts"}).output, "no mail is in doubt\n");
  EXPECT_EQ(tokyo.relayctl({"forget", id}).status, kDataError);
  EXPECT_THAT(deliver(kContent), StartsWith("250"));
  EXPECT_EQ(birl_mta.count(), 2U) << "as relayctl said";
}

// A reset of a connection that was idle, its last reply read long ago, leaves nothing in doubt.
TEST_F(P4_NothingTwice, AReplyThatWasReadIsInDoubtNoMore) {
  Connection client = session();
  ASSERT_THAT(send_mail(client, kContent), StartsWith("250"));
  const auto doubts = [this] { return tokyo.status().at("ledger").at("doubts").get<int>(); };
  EXPECT_EQ(doubts(), 1);
  EXPECT_TRUE(wait_until([&] { return doubts() == 0; }, std::chrono::seconds(20)));
  client.reset();
  EXPECT_EQ(tokyo.site_status("birl")["in_doubt"], 0);
}

// What is in doubt holds up its own second try only, and no other mail of that sender to that recipient.
TEST_F(P4_NothingTwice, AnotherMailIsNotHeldUp) {
  {
    Connection client = session_with_a_mail_taken();
    client.reset();
    ASSERT_TRUE(tokyo.logs("in doubt until our MTA tries again"));
    final_released = true;
  }
  Connection client = session();
  ASSERT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250"));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250"));
  EXPECT_THAT(client.command("RCPT TO:<c@birl.example>"), StartsWith("250"));
  ASSERT_THAT(client.command("DATA"), StartsWith("354"));
  EXPECT_THAT(client.command("Subject: another\r\n\r\ntext\r\n."), StartsWith("250"));
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 2U);
}

// As Exim does it: QUIT goes out with the end of content, and the client's half of the connection ends before
// the replies come.
TEST_F(P4_NothingTwice, ClientEndsItsHalfBehindQuit) {
  Connection client = session_with_a_mail_taken(".\r\nQUIT\r\n");
  ::shutdown(client.fd(), SHUT_WR);
  final_released = true;
  EXPECT_EQ(client.reply(), "250 2.0.0 first try\r\n");
  EXPECT_THAT(client.reply(), StartsWith("221 "));
  EXPECT_TRUE(client.closes());
  EXPECT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 0; }));
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, ClientThatEndedItsHalfBehindQuitIsKilledBeforeItReadTheReply) {
  Connection client = session_with_a_mail_taken(".\r\nQUIT\r\n");
  ::shutdown(client.fd(), SHUT_WR);
  client.reset();
  ASSERT_TRUE(tokyo.logs("in doubt until our MTA tries again"));
  final_released = true;
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, ClientThatEndedItsHalfBehindQuitDiesWithTheReplyUnread) {
  hold_final_reply();
  {
    Connection client = session();
    begin_mail(client, kContent);
    client.send(".\r\nQUIT\r\n");
    ::shutdown(client.fd(), SHUT_WR);
    ASSERT_TRUE(taken());
    final_released = true;
    pollfd readable{.fd = client.fd(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&readable, 1, 20'000), 1);
  }
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 1; }));
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

// Longer than we wait for it to close: the kernel knows that it has not read.
TEST_F(P4_NothingTwice, ClientThatEndedItsHalfBehindQuitStallsWithTheReplyUnread) {
  Connection client = session_with_a_mail_taken(".\r\nQUIT\r\n");
  ::shutdown(client.fd(), SHUT_WR);
  final_released = true;
  ASSERT_TRUE(wait_until([&] { return tokyo.site_status("birl")["in_doubt"] == 1; }));
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, LinkCutBetweenTheEndOfContentAndTheReply) {
  Connection client = session_with_a_mail_taken();
  path.cut();
  EXPECT_THAT(client.reply(), StartsWith("451 4.4.2 birl: link down since "));
  final_released = true;
  EXPECT_EQ(deliver(kContent), "250 2.0.0 first try\r\n");
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(P4_NothingTwice, TwoEqualMailsAreTwoMails) {
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.count(), 2U);
}

}  // namespace
}  // namespace tsmtp::support
