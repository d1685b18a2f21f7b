// Mail between two hubs a tenth of a second apart costs one round trip of the link each: counted in packets,
// so that it holds on a busy machine too. Needs root, for the network namespaces.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/support/connection.h"
#include "tests/support/emulated_link.h"
#include "tests/support/fake_mta.h"
#include "tests/support/hub.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using ::testing::StartsWith;

constexpr int kMails = 20;
constexpr char kEndpoint[] = "127.0.5.2";
constexpr std::uint16_t kEndpointPort = 5000;
constexpr std::uint16_t kMtaPort = 25;

// Never fewer than one a mail (P1: no early yes); one, and a little for the link's own housekeeping.
constexpr auto kFewest = kMails;
constexpr auto kMost = kMails * 13 / 10;

/// Tokyo at the near end dials birl at the far end. Each end has addresses and ports to itself.
class RoundTrips : public ::testing::Test {
 protected:
  RoundTrips() {
    tokyo.configure({{.name = "birl",
                      .pin = birl.pin(),
                      .dial = {std::string(EmulatedLink::kFarAddress) + ":5443"},
                      .address = kEndpoint,
                      .port = kEndpointPort,
                      .deliver = kMtaPort,
                      .more = {}}});
    birl.configure({{.name = "tokyo",
                     .pin = tokyo.pin(),
                     .dial = {},
                     .address = "127.0.5.3",
                     .port = kEndpointPort,
                     .deliver = kMtaPort,
                     .more = {}}},
                   std::string("listen = [\"") + EmulatedLink::kFarAddress + ":5443\"]");
  }

  void SetUp() override {
    {
      const Inside far(link.far());
      birl_mta = std::make_unique<FakeMta>(kMtaPort);
      birl.start();
    }
    near = std::make_unique<Inside>(link.near());
    tokyo_mta = std::make_unique<FakeMta>(kMtaPort);
    tokyo.start();
    ASSERT_TRUE(tokyo.wait_for_link("birl")) << tokyo.log() << birl.log();
    // The first mail makes the far relayd's connection to its MTA.
    Connection client = session();
    send_mail(client);
    link.command("reset");
  }

  static Connection session() {
    Connection client(kEndpoint, kEndpointPort);
    EXPECT_THAT(client.reply(), StartsWith("220 "));
    EXPECT_THAT(client.command("EHLO mx.tokyo.example"), StartsWith("250-"));
    return client;
  }

  /// As sendmail does it: MAIL waits, RCPT and DATA go together.
  static void send_mail(Connection& client) {
    EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
    EXPECT_THAT(client.command("RCPT TO:<b@birl.example>\r\nDATA"), StartsWith("250 "));
    EXPECT_THAT(client.reply(), StartsWith("354 "));
    client.send("Subject: near and far\r\n\r\n" + std::string(4000, 'x') + "\r\n");
    EXPECT_THAT(client.command("."), StartsWith("250 "));
  }

  EmulatedLink link{{"--delay", "50"}};
  Hub tokyo{"tokyo", 0};
  Hub birl{"birl", 0};
  std::unique_ptr<Inside> near;  // the test itself is at the near end
  std::unique_ptr<FakeMta> birl_mta;
  std::unique_ptr<FakeMta> tokyo_mta;
};

TEST_F(RoundTrips, OneForEachMailOfAConnection) {
  Connection client = session();
  for (int i = 0; i < kMails; ++i)
    send_mail(client);
  EXPECT_THAT(link.round_trips(), AllOf(Ge(kFewest), Le(kMost)));
  EXPECT_EQ(birl_mta->count(), kMails + 1U);
}

TEST_F(RoundTrips, OneForEachMailWithAConnectionOfItsOwn) {
  for (int i = 0; i < kMails; ++i) {
    Connection client = session();
    send_mail(client);
    EXPECT_THAT(client.command("QUIT"), StartsWith("221 "));
  }
  EXPECT_THAT(link.round_trips(), AllOf(Ge(kFewest), Le(kMost)));
  EXPECT_EQ(birl_mta->count(), kMails + 1U);
}

TEST_F(RoundTrips, OneForSeveralRecipientsTooOnceTheyAreKnown) {
  Connection client = session();
  for (int i = 0; i < kMails; ++i) {
    EXPECT_THAT(client.command("MAIL FROM:<a@tokyo.example>"), StartsWith("250 "));
    client.send("RCPT TO:<b@birl.example>\r\nRCPT TO:<c@birl.example>\r\nDATA\r\n");
    EXPECT_THAT(client.reply(), StartsWith("250 "));
    EXPECT_THAT(client.reply(), StartsWith("250 "));
    EXPECT_THAT(client.reply(),
                StartsWith("354 "));  // only now are both verdicts known: the second round trip
    EXPECT_THAT(client.command("Subject: both\r\n\r\n."), StartsWith("250 "));
  }
  EXPECT_THAT(link.round_trips(), AllOf(Ge(2 * kFewest), Le(2 * kMost)));
}

}  // namespace
}  // namespace tsmtp::support
