// The far MTA's replies reach the near MTA word for word, at the point where they can still be told.
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

FakeMta::Script says(const std::string& verb, const std::string& reply) {
  return [=](const std::string& command) { return command.starts_with(verb) ? reply : std::string(); };
}

class Replies : public TwoHubs {};

TEST_F(Replies, FinalReplyIsTheFarMtasOwnWithAllItsLines) {
  const std::string reply = "250-2.0.0 first line\r\n250 2.0.0 queued as X-17\r\n";
  birl_mta.set_script(says(".", reply));
  Connection client = session();
  EXPECT_EQ(send_mail(client, kContent), reply);
  EXPECT_TRUE(tokyo.logs("reply=\"250 2.0.0 first line / 2.0.0 queued as X-17\"")) << tokyo.log();
  EXPECT_TRUE(birl.logs("in tokyo ")) << birl.log();
}

TEST_F(Replies, P1_NoYesBeforeTheFarMtasYes) {
  birl_mta.stalled = true;  // it reads no content, so it cannot have said anything
  Connection client = session();
  begin_mail(client, kContent);
  client.send(".\r\n");
  EXPECT_TRUE(wait_until([&] { return birl.site_status("tokyo")["open_transactions"] == 1; }));
  EXPECT_EQ(tokyo.site_status("birl")["out"]["ok"], 0);
  birl_mta.stalled = false;
  EXPECT_EQ(client.reply(), "250 2.0.0 delivered\r\n");
}

TEST_F(Replies, RefusedContentIsToldAtTheEndOfContent) {
  birl_mta.set_script(says(".", "554 5.7.1 looks like spam\r\n"));
  Connection client = session();
  EXPECT_EQ(send_mail(client, kContent), "554 5.7.1 looks like spam\r\n");
}

TEST_F(Replies, RefusedSingleRecipientIsToldAtTheEndOfContent) {
  birl_mta.set_script(says("RCPT", "550 5.1.1 no such user here\r\n"));
  Connection client = session();
  EXPECT_EQ(send_mail(client, kContent), "550 5.1.1 no such user here\r\n");
  birl_mta.set_script({});
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));  // and the next mail is none the worse
}

TEST_F(Replies, RefusedSenderIsToldAtTheEndOfContent) {
  birl_mta.set_script(says("MAIL", "451 4.1.8 sender domain does not resolve\r\n"));
  Connection client = session();
  EXPECT_EQ(send_mail(client, kContent), "451 4.1.8 sender domain does not resolve\r\n");
}

TEST_F(Replies, RefusedDataIsToldAtTheEndOfContent) {
  birl_mta.set_script(says("DATA", "452 4.3.1 disk full\r\n"));
  Connection client = session();
  EXPECT_EQ(send_mail(client, kContent), "452 4.3.1 disk full\r\n");
}

TEST_F(Replies, EachLaterRecipientGetsItsOwnVerdict) {
  birl_mta.set_script(says("RCPT TO:<nobody@", "550 5.1.1 nobody is not here\r\n"));
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
  EXPECT_EQ(client.command("RCPT TO:<nobody@birl.example>"), "550 5.1.1 nobody is not here\r\n");
  EXPECT_EQ(client.command("RCPT TO:<c@birl.example>"), "250 2.0.0 ok\r\n");
  EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
  client.send(kContent);
  EXPECT_EQ(client.command("."), "250 2.0.0 delivered\r\n");
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_EQ(birl_mta.delivered()[0].recipients,
            (std::vector<std::string>{"b@birl.example", "c@birl.example"}));
}

TEST_F(Replies, BehindARefusedFirstRecipientTheOthersAreDeferred) {
  birl_mta.set_script(says("RCPT TO:<nobody@", "550 5.1.1 nobody is not here\r\n"));
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<nobody@birl.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("452 4.5.3 "));
  EXPECT_THAT(client.command("DATA"), StartsWith("354 "));
  client.send(kContent);
  EXPECT_EQ(client.command("."), "550 5.1.1 nobody is not here\r\n");
  EXPECT_EQ(birl_mta.count(), 0U);
}

TEST_F(Replies, PipelinedClientGetsItsRepliesInOrder) {
  birl_mta.set_script(says("RCPT TO:<nobody@", "550 5.1.1 nobody is not here\r\n"));
  Connection client = session();
  client.send(
      "MAIL FROM:<a@tokyo.example>\r\nRCPT TO:<b@birl.example>\r\nRCPT TO:<nobody@birl.example>\r\nDATA\r\n");
  EXPECT_THAT(client.reply(), StartsWith("250 2.1.0"));
  EXPECT_EQ(client.reply(), "250 2.0.0 ok\r\n");
  EXPECT_EQ(client.reply(), "550 5.1.1 nobody is not here\r\n");
  EXPECT_THAT(client.reply(), StartsWith("354 "));
  client.send(std::string(kContent) + ".\r\nQUIT\r\n");
  EXPECT_EQ(client.reply(), "250 2.0.0 delivered\r\n");
  EXPECT_THAT(client.reply(), StartsWith("221 "));
  EXPECT_TRUE(client.closes());
}

TEST_F(Replies, P3_RecipientThatIsNotBehindTheSite) {
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<x@elsewhere.example>"),
              StartsWith("550 5.7.1 birl: <x@elsewhere.example> is not behind this site"));
}

TEST_F(Replies, P3_SenderThatTheSiteHasNoBusinessWith) {
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent, "boss@birl.example"),
              StartsWith("550 5.7.1 birl: <boss@birl.example> is not a sender"));
  EXPECT_THAT(send_mail(client, kContent, ""), StartsWith("250 "));  // bounces pass
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(Replies, DeliveryComesFromTheSiteAddressUnderTheNearMtasName) {
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  const Delivered mail = birl_mta.delivered().at(0);
  EXPECT_EQ(mail.helo, "mx.tokyo.example");
  EXPECT_THAT(birl.site_status("tokyo")["endpoints"][0].get<std::string>(), StartsWith(mail.peer + ":"));
}

// sendmail 8.18 closes, and sends the sender a report, when a client goes before it has the reply to DATA.
TEST_F(Replies, FarMtaIsNotLeftBeforeItHasAnsweredData) {
  std::atomic<bool> may_answer{false};
  birl_mta.set_script([&](const std::string& command) {
    if (command.starts_with("DATA")) (void)wait_until([&] { return may_answer.load(); });
    return std::string();
  });
  {
    Connection client = session();
    std::string large;  // a small mail would not yet have crossed the link
    while (large.size() < 20'000)
      large += std::string(70, 'x') + "\r\n";
    begin_mail(client, large);
    ASSERT_TRUE(wait_until([&] { return birl.site_status("tokyo")["open_transactions"] == 1; }));
  }
  ASSERT_TRUE(wait_until([&] { return birl.logs("given up by the near side"); })) << birl.log();
  may_answer = true;
  birl_mta.set_script({});
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_EQ(birl_mta.traffic_before_response, 0);
  EXPECT_EQ(birl_mta.count(), 1U);
}

TEST_F(Replies, MtaThatClosesAKeptConnectionGetsTheMailOnANewOne) {
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  std::atomic<bool> was_closed{false};
  birl_mta.set_script([&](const std::string& command) {
    return command.starts_with("MAIL") && !was_closed.exchange(true) ? "drop" : "";
  });
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  EXPECT_TRUE(was_closed);
  EXPECT_EQ(birl_mta.count(), 2U);
}

TEST_F(Replies, UnqualifiedSenderLeavesItsHubQualified) {
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent, "root"), StartsWith("250 "));
  EXPECT_EQ(birl_mta.delivered().at(0).sender, "root@mx.tokyo.example");
}

TEST_F(Replies, MtaWithoutSizeStillGetsMailThatNamesItsSize) {
  birl_mta.set_extensions({"PIPELINING"});
  birl.kill();
  birl.start();
  ASSERT_TRUE(link_is_up());
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
}

class RepliesAwaited : public TwoHubs {
 protected:
  void SetUp() override { start("early_reply = false"); }
};

TEST_F(RepliesAwaited, EveryVerdictIsToldWhereItIsGiven) {
  birl_mta.set_script(says("RCPT", "550 5.1.1 no such user here\r\n"));
  Connection client = session();
  EXPECT_EQ(client.command("MAIL FROM:<a@tokyo.example>"), "250 2.0.0 ok\r\n");
  EXPECT_EQ(client.command("RCPT TO:<b@birl.example>"), "550 5.1.1 no such user here\r\n");
  EXPECT_THAT(client.command("DATA"), StartsWith("554 "));
  birl_mta.set_script(says("MAIL", "553 5.1.8 go away\r\n"));
  EXPECT_EQ(client.command("MAIL FROM:<a@tokyo.example>"), "553 5.1.8 go away\r\n");
  birl_mta.set_script(says("DATA", "451 4.3.0 not now\r\n"));
  EXPECT_EQ(send_mail(client, kContent), "451 4.3.0 not now\r\n");
  birl_mta.set_script({});
  EXPECT_EQ(send_mail(client, kContent), "250 2.0.0 delivered\r\n");
}

}  // namespace
}  // namespace tsmtp::support
