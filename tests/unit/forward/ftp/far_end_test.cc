#include "relayd/forward/ftp/far_end.h"

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

TEST(FtpFarEnd, TheServersPlaceBecomesAToken) {
  Far far;
  far.greeted();
  EXPECT_EQ(far.link("PASV\r\n").to_host, "PASV\r\n");
  EXPECT_EQ(far.server("227 Entering Passive Mode (192,0,2,7,4,1)\r\n").to_link,
            "229 Entering Extended Passive Mode (|||1|)\r\n");
  EXPECT_EQ(far.link("EPSV\r\n").to_host, "EPSV\r\n");
  EXPECT_EQ(far.server("229 ok (|||1026|)\r\n").to_link, "229 Entering Extended Passive Mode (|||2|)\r\n");
  EXPECT_THAT(far.host.told, ElementsAre("expect 1 192.0.2.7:1025", "forget 1", "expect 2 192.0.2.7:1026"));
}

TEST(FtpFarEnd, AnIpv6ServerIsAskedForIpv6) {
  Far far({}, true);
  far.greeted();
  EXPECT_EQ(far.link("PASV\r\n").to_host, "EPSV\r\n");
  EXPECT_EQ(far.server("229 ok (|||1026|)\r\n").to_link, "229 Entering Extended Passive Mode (|||1|)\r\n");
  EXPECT_EQ(far.link("EPRT |1|0.0.0.0|9|\r\n").to_host, "EPRT |2|2001:db8::1|40000|\r\n");
  EXPECT_THAT(far.host.told, ElementsAre("expect 1 [2001:db8::7]:1026", "listen 9"));
}

TEST(FtpFarEnd, AServerNamesNobodyElse) {
  Far far;
  far.greeted();
  for (const char* reply :
       {"227 Entering Passive Mode (192,0,2,8,4,1)", "227 Entering Passive Mode (10,0,0,1,4,1)",
        "227 (192,0,2,7,0,25)", "227 nowhere", "229 ok (|2|2001:db8::8|1025|)", "229 ok (|||25|)",
        "228 Entering Long Passive Mode (4,4,10,0,0,1,2,4,1)"}) {
    (void)far.link("PASV\r\n");
    EXPECT_THAT(far.server(std::string(reply) + "\r\n").to_link, StartsWith("425 ")) << reply;
  }
  EXPECT_THAT(far.server("227 Entering Passive Mode (192,0,2,7,4,1)\r\n").to_link, StartsWith("425 "))
      << "nobody asked";
  EXPECT_THAT(far.host.told, IsEmpty());
  EXPECT_THAT(far.host.refusals, SizeIs(8));
}

// A server that is bound to all addresses may not know its own.
TEST(FtpFarEnd, AnUnspecifiedHostIsTheServers) {
  Far far;
  far.greeted();
  (void)far.link("PASV\r\n");
  EXPECT_THAT(far.server("227 Entering Passive Mode (0,0,0,0,4,1)\r\n").to_link, StartsWith("229 "));
  EXPECT_THAT(far.host.told, ElementsAre("expect 1 192.0.2.7:1025"));
}

TEST(FtpFarEnd, TheServerConnectsToThisHub) {
  Far far;
  far.greeted();
  EXPECT_EQ(far.link("EPRT |1|0.0.0.0|9|\r\n").to_host, "PORT 192,0,2,1,156,64\r\n");
  EXPECT_EQ(far.server("500 no\r\n").to_link, "500 no\r\n");
  EXPECT_THAT(far.host.told, ElementsAre("listen 9", "forget 9"));
}

TEST(FtpFarEnd, ThePeerNamesNoAddress) {
  Far far;
  far.greeted();
  for (const char* command :
       {"PORT 192,0,2,9,4,1", "EPRT |1|192.0.2.9|1025|", "EPRT |1|0.0.0.0|0|", "EPRT |2|::|5|", "EPRT"}) {
    const Sent sent = far.link(std::string(command) + "\r\n");
    EXPECT_THAT(sent.to_link, StartsWith("501 ")) << command;
    EXPECT_EQ(sent.to_host, "") << command;
  }
  EXPECT_THAT(far.host.told, IsEmpty());
}

TEST(FtpFarEnd, RefusedCommandsNeverReachTheServer) {
  Far far({.refuse = {"stor", "DELE"}});
  far.greeted();
  const Sent sent = far.link("sToR secret\r\nNOOP\r\nDELE x\r\n");
  EXPECT_EQ(sent.to_host, "NOOP\r\n");
  EXPECT_EQ(sent.to_link, "550 STOR is refused here by policy\r\n");
  EXPECT_EQ(far.server("200 ok\r\n").to_link, "200 ok\r\n550 DELE is refused here by policy\r\n");
  EXPECT_THAT(far.host.refusals,
              ElementsAre("STOR is refused by ftp_refuse", "DELE is refused by ftp_refuse"));
  EXPECT_THAT(far.link("\xff\xf1ST\xff\xf1OR x\r\n").to_host, IsEmpty());
  EXPECT_THAT(far.link("NOOP\rSTOR x\r\n").to_host, IsEmpty());
}

TEST(FtpFarEnd, TlsIsRefusedWithAReason) {
  Far far;
  far.greeted();
  for (const char* kind : {"TLS", "ssl", "TLS-P"})
    EXPECT_THAT(far.link("AUTH " + std::string(kind) + "\r\n").to_link,
                HasSubstr("534 TLS is refused here by policy: the link"));
  EXPECT_THAT(far.link("AUTH GSSAPI\r\n").to_link, StartsWith("504 "));
  EXPECT_EQ(far.link("PBSZ 0\r\n").to_host, "PBSZ 0\r\n");
}

TEST(FtpFarEnd, TlsIsPassedWhereItMay) {
  Far far({.refuse = {}, .blind_tls = true});
  far.greeted();
  EXPECT_EQ(far.link("AUTH TLS\r\n").to_host, "AUTH TLS\r\n");
  EXPECT_EQ(far.server("234 go\r\n").to_link, "234 go\r\n");
  EXPECT_EQ(far.link("\x16PASV\r\n").to_host, "\x16PASV\r\n");
  EXPECT_EQ(far.server("\x16"
                       "227 x\n")
                .to_link,
            "\x16"
            "227 x\n");
  EXPECT_THAT(Far({.refuse = {}, .blind_tls = true}).greeted().link("AUTH GSSAPI\r\n").to_link,
              StartsWith("504 "));
}

TEST(FtpFarEnd, FeaturesThatAreRefusedAreNotOffered) {
  const std::string features =
      "211-Features:\r\n AUTH TLS\r\n EPRT\r\n EPSV\r\n LPSV\r\n PBSZ\r\n PROT\r\n UTF8\r\n211 End\r\n";
  Far far;
  far.greeted();
  (void)far.link("FEAT\r\n");
  EXPECT_EQ(far.server(features).to_link, "211-Features:\r\n EPRT\r\n EPSV\r\n UTF8\r\n211 End\r\n");
  Far blind({.refuse = {}, .blind_tls = true});
  blind.greeted();
  (void)blind.link("FEAT\r\n");
  EXPECT_THAT(blind.server(features).to_link, HasSubstr(" AUTH TLS\r\n"));
}

TEST(FtpFarEnd, TransfersAreRemembered) {
  Far far;
  far.greeted();
  (void)far.link("PASV\r\n");
  (void)far.server("227 (192,0,2,7,4,1)\r\n");
  (void)far.link("RETR a b\r\n");
  far.transfers.connected({.is_active = false, .token = 1});
  (void)far.server("150 coming\r\n226-well\r\n226 done\r\n");
  far.transfers.closed({.is_active = false, .token = 1}, 42, false);
  const auto ended = far.transfers.take();
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(ended[0].verb + ended[0].name, "RETRa b");
  EXPECT_EQ(ended[0].bytes, 42U);
  EXPECT_EQ(ended[0].code, 226);
}

TEST(FtpFarEnd, AbortPassesAmidATransfer) {
  Far far;
  far.greeted();
  (void)far.link("RETR a\r\n");
  (void)far.server("150 coming\r\n");
  EXPECT_EQ(far.link("\xff\xf4\xff\xf2"
                     "ABOR\r\n")
                .to_host,
            "\xff\xf4\xff\xf2"
            "ABOR\r\n");
  EXPECT_EQ(far.server("426 cut\r\n226 done\r\n").to_link, "426 cut\r\n226 done\r\n");
  EXPECT_EQ(far.transfers.take().at(0).code, 426);
}

TEST(FtpFarEnd, AServerThatSpeaksNoFtpEndsIt) {
  EXPECT_THAT(Far().server("SSH-2.0-OpenSSH\r\n").error, HasSubstr("no code"));
  EXPECT_THAT(Far().server("220 " + std::string(100000, 'x')).error, HasSubstr("too long"));
  EXPECT_THAT(Far().greeted().link(std::string(5000, 'x')).error, HasSubstr("too long"));
}

}  // namespace
}  // namespace tsmtp::forward::ftp
