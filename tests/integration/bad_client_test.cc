// Whatever a client at the endpoint does, it hears what is wrong, and nobody else notices.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class BadClient : public TwoHubs {
 protected:
  void TearDown() override {
    // Whatever the test did: the next mail passes.
    Connection client = session();
    EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
    TwoHubs::TearDown();
  }
};

TEST_F(BadClient, OverlongLine) {
  Connection client = session();
  EXPECT_THAT(client.command("NOOP " + std::string(1'000'000, 'x')), StartsWith("500 5.5.2 "));
  EXPECT_THAT(client.command("NOOP"), StartsWith("250 "));
}

// Mails begun and given up cost the link, which has few of them to give: who does it waits, and nobody else.
// The far side must see the second recipient, so that each costs a Reset.
TEST_F(BadClient, ManyThatGiveUpTheirMailsHoldUpNobody) {
  for (const int count : {2, 16, 60}) {
    std::atomic<bool> ends{false};
    std::atomic<int> given_up{0};
    std::vector<std::thread> wasteful;
    for (int i = 0; i < count; ++i)
      wasteful.emplace_back([&] {
        Connection client(endpoint_address(), endpoint_port);
        (void)client.reply();
        client.command("EHLO mx.tokyo.example");
        while (!ends) {
          client.send(
              "MAIL FROM:<a@tokyo.example>\r\nRCPT TO:<b@birl.example>\r\nRCPT "
              "TO:<c@birl.example>\r\nRSET\r\n");
          for (int replies = 0; replies < 4; ++replies)
            if (client.reply().empty()) return;
          ++given_up;
        }
      });
    ASSERT_TRUE(wait_until([&] { return given_up >= 12 * count; })) << given_up;
    Connection decent = session();
    for (int i = 0; i < 20; ++i) {
      const auto begun = std::chrono::steady_clock::now();
      EXPECT_THAT(send_mail(decent, "Subject: x\r\n\r\n"), StartsWith("250 ")) << "beside " << count;
      EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(3)) << "beside " << count;
    }
    ends = true;
    for (std::thread& client : wasteful)
      client.join();
  }
  EXPECT_EQ(tokyo.site_status("birl")["links_up_total"], 1);
}

TEST_F(BadClient, NulInACommand) {
  Connection client = session();
  EXPECT_THAT(client.command(std::string("NO\0P", 4)), HasSubstr("500 5.5.2 NUL"));
}

TEST_F(BadClient, BareLineEndsInCommands) {
  Connection client = session();
  client.send("NOOP\n");
  EXPECT_THAT(client.reply(), StartsWith("500 5.5.2 "));
  client.send("NOOP\rNOOP\r\n");
  EXPECT_THAT(client.reply(), StartsWith("500 5.5.2 "));
}

TEST_F(BadClient, BareLineEndsInContentAreRefusedAndEndNothing) {
  for (const char* end : {"\n.\n", "\r.\r", "\r\n.\n", "\n.\r\n", "\r\n.\r"}) {
    Connection client = session();
    begin_mail(client,
               std::string("Subject: a\r\n\r\nfirst") + end + "MAIL FROM:<smuggled@tokyo.example>\r\n");
    EXPECT_THAT(client.command("."), StartsWith("554 5.6.0 "));
    EXPECT_THAT(client.command("NOOP"), StartsWith("250 "));
  }
  EXPECT_EQ(birl_mta.count(), 0U);
}

TEST_F(BadClient, ContentBeforeThe354IsNotTakenForCommands) {
  Connection client = session();
  client.send("MAIL FROM:<a@tokyo.example>\r\nRCPT TO:<b@birl.example>\r\nDATA\r\nRSET\r\n.\r\n");
  EXPECT_THAT(client.reply(), StartsWith("250 "));
  EXPECT_THAT(client.reply(), StartsWith("250 "));
  EXPECT_THAT(client.reply(), StartsWith("503 5.5.0 "));
  EXPECT_TRUE(client.closes());
  EXPECT_EQ(birl_mta.count(), 0U);
}

TEST_F(BadClient, TooManyErrors) {
  Connection client = session();
  std::string last;
  for (int i = 0; i < 50 && !last.starts_with("421"); ++i)
    last = client.command("FROB");
  client.send("FROB\r\n");
  EXPECT_TRUE(client.closes());
}

TEST_F(BadClient, VanishesAtEachStep) {
  const std::vector<std::string> steps{"EHLO mx.tokyo.example\r\n", "MAIL FROM:<a@tokyo.example>\r\n",
                                       "RCPT TO:<b@birl.example>\r\n", "DATA\r\n",
                                       "Subject: x\r\n\r\nhalf a mail"};
  const std::string endpoint = tokyo.site_status("birl")["endpoints"][0];
  const std::string host = endpoint.substr(0, endpoint.find(':'));
  const std::size_t before = tokyo.process().open_descriptors();
  for (const bool rudely : {false, true}) {
    for (std::size_t count = 0; count <= steps.size(); ++count) {
      Connection client(host, endpoint_port);
      (void)client.reply();
      for (std::size_t i = 0; i < count; ++i) {
        client.send(steps[i]);
        if (i + 1 < steps.size()) (void)client.reply();
      }
      if (rudely) client.reset();
    }
  }
  EXPECT_TRUE(wait_until([&] { return tokyo.process().open_descriptors() <= before; }));
  EXPECT_TRUE(wait_until([&] { return birl.site_status("tokyo")["open_transactions"] == 0; }));
  EXPECT_EQ(birl_mta.count(), 0U);
}

TEST_F(BadClient, HangsAtEachStepWhileOthersAreServed) {
  std::vector<Connection> hanging;
  for (int i = 0; i < 20; ++i) {
    hanging.push_back(session());
    if (i % 3 > 0) (void)hanging.back().command("MAIL FROM:<a@tokyo.example>");
    if (i % 3 > 1) (void)hanging.back().command("RCPT TO:<b@birl.example>");
  }
  Connection client = session();
  EXPECT_THAT(send_mail(client, "Subject: x\r\n\r\n"), StartsWith("250 "));
}

TEST_F(BadClient, SaysNothingAndGoes) {
  const std::string endpoint = tokyo.site_status("birl")["endpoints"][0];
  Connection client(endpoint.substr(0, endpoint.find(':')), endpoint_port);
  EXPECT_THAT(client.reply(), StartsWith("220 "));
}

}  // namespace
}  // namespace tsmtp::support
