#include "relayd/forward/ftp/near_end.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/forward/ftp/ends.h"

namespace tsmtp::forward::ftp {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST(FtpNearEnd, PassiveModeGetsAListenerOfThisHub) {
  Near near;
  near.greeted();
  EXPECT_EQ(near.client("PASV\r\n").to_link, "PASV\r\n");
  EXPECT_EQ(near.link("229 Entering Extended Passive Mode (|||7|)\r\n").to_host,
            "227 Entering Passive Mode (127,0,0,1,156,64)\r\n");
  EXPECT_THAT(near.host.told, ElementsAre("listen 7"));
  EXPECT_EQ(near.client("EPSV 1\r\n").to_link, "EPSV\r\n");
  EXPECT_EQ(near.link("229 Entering Extended Passive Mode (|||8|)\r\n").to_host,
            "229 Entering Extended Passive Mode (|||40001|)\r\n");
  EXPECT_THAT(near.host.told, ElementsAre("listen 7", "forget 7", "listen 8"));
}

TEST(FtpNearEnd, ThousandTimesPassiveIsOneListener) {
  Near near;
  near.greeted();
  for (int i = 1; i <= 1000; ++i) {
    EXPECT_EQ(near.client("PASV\r\n").to_link, "PASV\r\n");
    EXPECT_THAT(near.link("229 ok (|||" + std::to_string(i) + "|)\r\n").to_host, StartsWith("227 "));
  }
  EXPECT_THAT(near.host.told, SizeIs(1999));  // each but the first after the one before it was forgotten
}

TEST(FtpNearEnd, ActiveModeNamesATokenOnTheLink) {
  Near near;
  near.greeted();
  EXPECT_EQ(near.client("PORT 127,0,0,9,4,1\r\n").to_link, "EPRT |1|0.0.0.0|1|\r\n");
  EXPECT_EQ(near.client("EPRT |1|127.0.0.9|1026|\r\n").to_link, "EPRT |1|0.0.0.0|2|\r\n");
  EXPECT_THAT(near.host.told, ElementsAre("expect 1 127.0.0.9:1025", "expect 2 127.0.0.9:1026"));
  EXPECT_EQ(near.link("500 no\r\n").to_host, "500 no\r\n");
  EXPECT_EQ(near.link("200 ok\r\n").to_host, "200 ok\r\n");
  EXPECT_EQ(near.host.told.back(), "forget 1");
}

TEST(FtpNearEnd, FewActiveConnectionsAreExpectedAtOnce) {
  Near near;
  near.greeted();
  for (int i = 1; i <= 6; ++i)
    (void)near.client("PORT 127,0,0,9,4,1\r\n");
  EXPECT_THAT(near.host.told, ElementsAre(StartsWith("expect 1"), StartsWith("expect 2"),
                                          StartsWith("expect 3"), StartsWith("expect 4"), "forget 1",
                                          StartsWith("expect 5"), "forget 2", StartsWith("expect 6")));
}

TEST(FtpNearEnd, AClientNamesNobodyElse) {
  Near near;
  near.greeted();
  for (const char* command :
       {"PORT 127,0,0,8,4,1", "PORT 10,0,0,1,4,1", "EPRT |1|10.0.0.1|1025|", "EPRT |2|::9|1025|",
        "PORT 127,0,0,9,0,25", "PORT nonsense", "EPRT", "EPRT |1|127.0.0.9|22|"}) {
    const Sent sent = near.client(std::string(command) + "\r\n");
    EXPECT_THAT(sent.to_host, StartsWith("501 ")) << command;
    EXPECT_EQ(sent.to_link, "") << command;
  }
  EXPECT_THAT(near.host.told, IsEmpty());
  EXPECT_THAT(near.host.refusals, SizeIs(6));
}

TEST(FtpNearEnd, AnIpv6ClientIsToldOfIpv6) {
  Near near(true);
  near.greeted();
  EXPECT_THAT(near.client("PASV\r\n").to_host, StartsWith("425 "));
  EXPECT_EQ(near.client("EPSV 1\r\n").to_host, "522 This connection has the other protocol, use (2)\r\n");
  EXPECT_EQ(near.client("EPSV 2\r\n").to_link, "EPSV\r\n");
  EXPECT_THAT(near.link("229 ok (|||3|)\r\n").to_host, HasSubstr("(|||40000|)"));
  EXPECT_EQ(near.client("EPRT |2|0::9|2000|\r\n").to_link, "EPRT |1|0.0.0.0|1|\r\n");
  EXPECT_EQ(near.host.told.back(), "expect 1 [::9]:2000");
}

TEST(FtpNearEnd, AClientThatNamesNoHostMeansItself) {
  Near near(true);
  near.greeted();
  (void)near.client("EPRT |2|::|2000|\r\n");
  Near v4;
  v4.greeted();
  (void)v4.client("PORT 0,0,0,0,8,0\r\n");
  EXPECT_THAT(near.host.told, ElementsAre("expect 1 [::9]:2000"));
  EXPECT_THAT(v4.host.told, ElementsAre("expect 1 127.0.0.9:2048"));
}

TEST(FtpNearEnd, AUnixSocketHasNoDataConnections) {
  ToldHost host("");
  NearEnd end({}, host);
  EXPECT_EQ(link_says(end, "220 hello\r\n").to_host, "220 hello\r\n");
  for (const char* command : {"PASV\r\n", "EPSV\r\n", "PORT 0,0,0,0,8,0\r\n", "EPRT |1|0.0.0.0|2048|\r\n"})
    EXPECT_THAT(host_says(end, command).to_host, StartsWith("425 "));
  EXPECT_THAT(host.told, IsEmpty());
  EXPECT_EQ(host_says(end, "NOOP\r\n").to_link, "NOOP\r\n");
}

TEST(FtpNearEnd, EpsvAllIsHonoured) {
  Near near;
  near.greeted();
  EXPECT_EQ(near.client("EPSV all\r\n").to_link, "EPSV ALL\r\n");
  EXPECT_EQ(near.link("200 ok\r\n").to_host, "200 ok\r\n");
  EXPECT_THAT(near.client("PORT 127,0,0,9,4,1\r\nPASV\r\n").to_host, StartsWith("501 "));
  EXPECT_EQ(near.client("EPSV\r\n").to_link, "EPSV\r\n");
  Near refused;
  refused.greeted();
  (void)refused.client("EPSV ALL\r\n");
  (void)refused.link("500 what\r\n");
  EXPECT_EQ(refused.client("PASV\r\n").to_link, "PASV\r\n");
}

TEST(FtpNearEnd, RepliesOfOurOwnComeInTheirTurn) {
  Near near;
  const Sent early = near.client("USER a\r\nPORT 1,2,3,4,5,6\r\nNOOP\r\n");
  EXPECT_EQ(early.to_host, "") << "the greeting comes first";
  EXPECT_EQ(early.to_link, "USER a\r\nNOOP\r\n");
  EXPECT_EQ(near.link("220-hello\r\n").to_host, "220-hello\r\n");
  EXPECT_EQ(near.link("220 there\r\n").to_host, "220 there\r\n");
  EXPECT_THAT(near.link("331 password\r\n").to_host, StartsWith("331 password\r\n501 "));
  EXPECT_EQ(near.link("200 ok\r\n").to_host, "200 ok\r\n");
}

TEST(FtpNearEnd, ALongLineIsToldAndAnEndlessOneEnds) {
  Near near;
  near.greeted();
  EXPECT_THAT(near.client(std::string(5000, 'x')).to_host,
              StartsWith("500 A command of more than 4096 bytes"));
  EXPECT_EQ(near.client("\r\nNOOP\r\n").to_link, "NOOP\r\n");
  EXPECT_EQ(near.link("200 ok\r\n").to_host, "200 ok\r\n");
  EXPECT_THAT(near.client(std::string(1000, 'x')).error, IsEmpty());
  std::string error;
  for (int i = 0; i < 1000 && error.empty(); ++i)
    error = near.client(std::string(1024, 'x')).error;
  EXPECT_EQ(error, "a line of the control connection has no end");
}

TEST(FtpNearEnd, AMegabyteAtOnceIsAnsweredBeforeTheEnd) {
  Near near;
  near.greeted();
  const Sent sent = near.client(std::string(1 << 20, 'x'));
  EXPECT_THAT(sent.to_host, StartsWith("500 "));
  EXPECT_THAT(sent.error, HasSubstr("no end"));
}

TEST(FtpNearEnd, AWrongCommandGoesNowhere) {
  Near near;
  near.greeted();
  for (const std::string_view line :
       {std::string_view("NOOP\rSTOR x\r\n"), std::string_view("A\0B\r\n", 5), std::string_view("\r\n"),
        std::string_view(" NOOP\r\n"), std::string_view("LPSV\r\n"), std::string_view("LPRT 4,4\r\n")}) {
    const Sent sent = near.client(line);
    EXPECT_THAT(sent.to_host, StartsWith("50"));
    EXPECT_EQ(sent.to_link, "");
  }
}

TEST(FtpNearEnd, TheOtherHubNamesNoAddress) {
  Near near;
  near.greeted();
  EXPECT_THAT(near.link("227 Entering Passive Mode (10,0,0,1,4,1)\r\n").to_host, StartsWith("425 "));
  (void)near.client("PASV\r\n");
  EXPECT_THAT(near.link("227 Entering Passive Mode (10,0,0,1,4,1)\r\n").to_host, StartsWith("425 "));
  (void)near.client("EPSV\r\n");
  EXPECT_THAT(near.link("229-10.0.0.1\r\n229 ok (|1|10.0.0.1|25|)\r\n").to_host, StartsWith("425 "));
  (void)near.client("NOOP\r\n");
  EXPECT_THAT(near.link("229 ok (|||7|)\r\n").to_host, StartsWith("425 "));
  EXPECT_THAT(near.host.told, IsEmpty());
  EXPECT_THAT(near.link("nonsense\r\n").error, HasSubstr("no code"));
}

TEST(FtpNearEnd, NoPortToListenOnIsSaid) {
  Near near;
  near.greeted();
  near.host.has_no_port = true;
  (void)near.client("PASV\r\n");
  EXPECT_THAT(near.link("229 ok (|||7|)\r\n").to_host, StartsWith("425 "));
  EXPECT_THAT(near.host.refusals, ElementsAre("no port"));
}

TEST(FtpNearEnd, IsOpaqueBehindTls) {
  Near near;
  near.greeted();
  EXPECT_EQ(near.client("AUTH TLS\r\n").to_link, "AUTH TLS\r\n");
  EXPECT_EQ(near.link("234 go\r\n").to_host, "234 go\r\n");
  EXPECT_EQ(near.client("\x16\x03\x01 any\rthing").to_link, "\x16\x03\x01 any\rthing");
  EXPECT_EQ(near.link("\x16\x03\x03 as well").to_host, "\x16\x03\x03 as well");
}

TEST(FtpNearEnd, NothingIsSentBehindAuth) {
  Near near;
  near.greeted();
  (void)near.client("AUTH TLS\r\nNOOP\r\n");
  EXPECT_THAT(near.link("234 go\r\n").error, HasSubstr("did not wait"));
  Near half;
  half.greeted();
  (void)half.client("AUTH TLS\r\nNO");
  EXPECT_THAT(half.link("234 go\r\n").error, HasSubstr("did not wait"));
}

TEST(FtpNearEnd, TooManyCommandsEndIt) {
  Near near;
  near.greeted();
  std::string error;
  for (int i = 0; i < 1000 && error.empty(); ++i)
    error = near.client("NOOP\r\n").error;
  EXPECT_EQ(error, "more than 128 commands wait for their replies");
}

}  // namespace
}  // namespace tsmtp::forward::ftp
