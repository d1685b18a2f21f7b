// How the far MTA is told which site a mail comes from when the address does not show it.
#include "tests/support/two_hubs.h"

namespace tsmtp::support {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kContent[] = "Subject: hello\r\n\r\ntext\r\n";

class OriginOfMail : public TwoHubs {
 protected:
  void SetUp() override {}
};

TEST_F(OriginOfMail, ByXclient) {
  birl_mta.set_extensions({"PIPELINING", "XCLIENT NAME ADDR HELO PROTO"});
  birl_site_keys = "origin = \"xclient\"";
  start();
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  ASSERT_EQ(birl_mta.count(), 1U);
  const Delivered mail = birl_mta.delivered()[0];
  EXPECT_EQ(mail.origin, "XCLIENT NAME=tokyo.tsmtp ADDR=" + mail.peer + " HELO=mx.tokyo.example PROTO=ESMTP");
  EXPECT_EQ(mail.helo, "mx.tokyo.example");
}

TEST_F(OriginOfMail, NotToAnMtaWithoutXclient) {
  birl_site_keys = "origin = \"xclient\"";
  configure();
  birl.start();
  tokyo.start();
  EXPECT_TRUE(birl.logs("XCLIENT is not offered")) << birl.log();
}

TEST_F(OriginOfMail, ByTheProxyProtocol) {
  birl_mta.expects_proxy = true;
  birl_site_keys = "origin = \"proxy\"";
  start();
  Connection client = session();
  EXPECT_THAT(send_mail(client, kContent), StartsWith("250 "));
  ASSERT_EQ(birl_mta.count(), 1U);
  const std::string header = birl_mta.delivered()[0].origin;
  ASSERT_EQ(header.size(), 28U);
  EXPECT_THAT(header, HasSubstr("QUIT"));
  EXPECT_EQ(header[16], 127) << "the site address";
  EXPECT_EQ(header[20], 127) << "the MTA's";
}

}  // namespace
}  // namespace tsmtp::support
