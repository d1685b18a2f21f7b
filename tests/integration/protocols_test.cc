// What our MTA may speak at the endpoint, and what the far one is spoken to: LMTP, BDAT, addresses beyond
// ASCII, parameters that pass untouched, and an offer that follows what the far MTA offers.
#include "tests/support/two_hubs.h"
#include "tests/support/wait_until.h"

namespace tsmtp::support {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: hello\r\n\r\n.text\r\n";
const std::vector<std::string> kModern{"PIPELINING", "8BITMIME", "SIZE 1000000", "DSN",
                                       "CHUNKING",   "SMTPUTF8", "DELIVERBY 60"};

class Protocols : public TwoHubs {
 protected:
  void SetUp() override {
    birl_mta.set_extensions(kModern);
    start();
  }

  /// The reply to EHLO of a new session.
  std::string offer() {
    Connection client = session();
    return client.command("EHLO mx.tokyo.example");
  }

  /// The final reply to `content` sent as one chunk.
  static std::string send_chunk(Connection& client, const std::string& content) {
    client.send("BDAT " + std::to_string(content.size()) + " LAST\r\n" + content);
    return client.reply();
  }
};

TEST_F(Protocols, OffersWhatTheFarMtaOffers) {
  const std::string offered = offer();
  for (const char* line : {"PIPELINING\r\n", "8BITMIME\r\n", "SIZE 1000000\r\n", "DSN\r\n", "CHUNKING\r\n",
                           "SMTPUTF8\r\n", "DELIVERBY 60\r\n"})
    EXPECT_THAT(offered, HasSubstr(line));
  EXPECT_THAT(offered, Not(HasSubstr("ENHANCEDSTATUSCODES"))) << "the far MTA's replies have none";
}

TEST_F(Protocols, TheOfferFollowsTheFarMta) {
  birl_mta.set_extensions({"PIPELINING"});
  birl_mta.set_script([](const std::string& command) {
    return command.starts_with("MAIL") ? std::string("421 4.3.2 restarting\r\n") : std::string();
  });
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("421 "));
  birl_mta.set_script({});
  Connection next = session();
  (void)send_mail(next, kContent);  // makes the far side connect anew
  EXPECT_TRUE(wait_until([&] { return offer().find("CHUNKING") == std::string::npos; }));
  EXPECT_THAT(offer(), Not(HasSubstr("8BITMIME")));
}

TEST_F(Protocols, LmtpGivesEachRecipientItsOwnVerdict) {
  birl_mta.set_script([](const std::string& command) {
    return command.starts_with("RCPT TO:<nobody") ? std::string("550 5.1.1 nobody is not here\r\n")
                                                  : std::string();
  });
  Connection client = raw_session();
  EXPECT_THAT(client.command("LHLO mx.tokyo.example"), HasSubstr("ENHANCEDSTATUSCODES"));
  client.send(
      "MAIL FROM:<a@tokyo.example>\r\nRCPT TO:<nobody@birl.example>\r\nRCPT TO:<b@birl.example>\r\n"
      "RCPT TO:<elsewhere@example.com>\r\nDATA\r\n");
  EXPECT_THAT(client.reply(), StartsWith("250 2.1.0"));
  EXPECT_THAT(client.reply(), StartsWith("250 2.1.5"));
  EXPECT_THAT(client.reply(), StartsWith("250 2.1.5"));
  EXPECT_THAT(client.reply(), StartsWith("550 5.7.1 birl:"));
  EXPECT_THAT(client.reply(), StartsWith("354 "));
  client.send("Subject: hello\r\n\r\n..text\r\n.\r\n");
  EXPECT_EQ(client.reply(), "550 5.1.1 nobody is not here\r\n");
  EXPECT_EQ(client.reply(), "250 2.0.0 ok\r\n");
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_THAT(birl_mta.delivered()[0].recipients, ElementsAre("b@birl.example"));
  EXPECT_EQ(birl_mta.delivered()[0].content, kContent);
}

TEST_F(Protocols, BdatFromOneMtaToTheOther) {
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
  client.send("BDAT 10\r\nSubject: hBDAT 15 LAST\r\nello\r\n\r\n.text\r\n");
  EXPECT_THAT(client.reply(), StartsWith("250 "));
  EXPECT_THAT(client.reply(), StartsWith("250 "));
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_EQ(birl_mta.delivered()[0].content, kContent);
  EXPECT_THAT(birl_mta.delivered()[0].commands.back(), StartsWith("BDAT 25 LAST"));
}

TEST_F(Protocols, BdatToAnMtaThatHasOnlyData) {
  birl_mta.set_script([](const std::string& command) {
    return command.starts_with("BDAT") ? std::string("502 5.5.1 no BDAT here\r\n") : std::string();
  });
  birl_mta.set_extensions({"PIPELINING", "8BITMIME"});
  birl.process().signal(SIGTERM);
  ASSERT_EQ(birl.process().wait(), 0);
  birl.start();
  ASSERT_TRUE(link_is_up());
  Connection client = session();
  EXPECT_EQ(send_mail(client, "Subject: hello\r\n\r\n..text\r\n"), "250 2.0.0 delivered\r\n");
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_EQ(birl_mta.delivered()[0].content, kContent);
}

TEST_F(Protocols, LongContentGoesInChunks) {
  const std::string line(78, 'x');
  std::string content;
  while (content.size() < 3'000'000)
    content += line + "\r\n";
  Connection client = session();
  const std::uint64_t size = content.size();
  birl_mta.set_extensions({"PIPELINING", "CHUNKING"});
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<b@birl.example>"), StartsWith("250 "));
  EXPECT_THAT(send_chunk(client, content), StartsWith("250 "));
  ASSERT_EQ(birl_mta.count(), 1U);
  const Delivered mail = birl_mta.delivered()[0];
  EXPECT_EQ(mail.content.size(), size);
  EXPECT_TRUE(mail.content == content);
  EXPECT_GT(mail.commands.size(), 10U);
}

TEST_F(Protocols, AddressesBeyondAscii) {
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<caf\xc3\xa9@tokyo.example>"), StartsWith("553 5.6.7 "));
  EXPECT_THAT(client.command("MAIL FROM:<caf\xc3\xa9@tokyo.example> SMTPUTF8"), StartsWith("250 "));
  EXPECT_THAT(client.command("RCPT TO:<\xe5\xa4\xaa\xe9\x83\x8e@birl.example>"), StartsWith("250 "));
  EXPECT_EQ(send_chunk(client, "x\r\n"), "250 2.0.0 ok\r\n");
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_THAT(birl_mta.delivered()[0].commands,
              ElementsAre("MAIL FROM:<caf\xc3\xa9@tokyo.example> SMTPUTF8",
                          "RCPT TO:<\xe5\xa4\xaa\xe9\x83\x8e@birl.example>", "BDAT 3 LAST"));
}

TEST_F(Protocols, ParametersPassUntouched) {
  const std::vector<std::string> lines{
      "MAIL FROM:<a@tokyo.example> BODY=8BITMIME SIZE=3 RET=HDRS ENVID=QQ+3D1 BY=125;NT",
      "RCPT TO:<b@birl.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;B+2Bx@birl.example"};
  Connection client = session();
  for (const std::string& line : lines)
    EXPECT_THAT(client.command(line), StartsWith("250 ")) << line;
  EXPECT_THAT(send_chunk(client, "x\r\n"), StartsWith("250 "));
  ASSERT_EQ(birl_mta.count(), 1U);
  EXPECT_THAT(birl_mta.delivered()[0].commands, ElementsAre(lines[0], lines[1], "BDAT 3 LAST"));
}

TEST_F(Protocols, EightBitContentIsRefusedWhereTheFarMtaCannotTakeIt) {
  birl_mta.set_extensions({"PIPELINING"});
  birl.process().signal(SIGTERM);
  ASSERT_EQ(birl.process().wait(), 0);
  birl.start();
  ASSERT_TRUE(link_is_up());
  Connection client = session();
  EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example> BODY=8BITMIME"), StartsWith("555 5.5.4 "));
  EXPECT_THAT(send_mail(client, "caf\xc3\xa9\r\n"), StartsWith("554 5.6.3 "));
  EXPECT_THAT(send_mail(client, "cafe\r\n"), StartsWith("250 "));
}

}  // namespace
}  // namespace tsmtp::support
