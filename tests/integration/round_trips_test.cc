// Mail between two hubs a tenth of a second apart costs one round trip of the link each: counted in packets,
// so that it holds on a busy machine too. Needs root, for the network namespaces.
#include "tests/support/far_apart.h"

namespace tsmtp::support {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::Le;
using ::testing::StartsWith;

constexpr int kMails = 20;

// Never fewer than one a mail (P1: no early yes); one, and a little for the link's own housekeeping.
constexpr auto kFewest = kMails;
constexpr auto kMost = kMails * 13 / 10;

class RoundTrips : public FarApart {
 protected:
  void SetUp() override {
    FarApart::SetUp();
    // The first mail makes the far relayd's connection to its MTA.
    Connection client = session();
    send_mail(client);
    link.command("reset");
  }
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

class CompressedRoundTrips : public FarApart {
 protected:
  CompressedRoundTrips() : FarApart("compress = true") {}
};

TEST_F(CompressedRoundTrips, OneForEachMailToo) {
  Connection client = session();
  send_mail(client);  // the first one makes the far relayd's connection to its MTA
  link.command("reset");
  for (int i = 0; i < kMails; ++i)
    send_mail(client);
  EXPECT_THAT(link.round_trips(), AllOf(Ge(kFewest), Le(kMost)));
  EXPECT_EQ(birl_mta->count(), kMails + 1U);
  EXPECT_LT(tokyo.site_status("birl")["out"]["link_bytes"].get<int>(), 4000);
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
