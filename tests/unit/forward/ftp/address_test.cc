#include "relayd/forward/ftp/address.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::ftp {
namespace {

std::string shown(const std::optional<base::HostPort>& address) {
  return address ? address->to_string() : "none";
}

TEST(FtpAddress, HostsHaveOneText) {
  EXPECT_EQ(canonical_host("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(canonical_host("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(canonical_host("2001:0DB8:0:0:0:0:0:7"), "2001:db8::7");
  EXPECT_EQ(canonical_host("fe80::1%eth0"), "fe80::1");
  for (const char* wrong : {"", "localhost", "192.0.2", "192.0.2.256", "1.2.3.4.5", ":::"})
    EXPECT_FALSE(canonical_host(wrong)) << wrong;
}

TEST(FtpAddress, PortHasSixNumbersAndNothingElse) {
  EXPECT_EQ(shown(parse_port_argument("192,0,2,1,4,1")), "192.0.2.1:1025");
  EXPECT_EQ(shown(parse_port_argument("192,000,002,1,255,255")), "192.0.2.1:65535");
  for (const char* wrong :
       {"", "192,0,2,1,4", "192,0,2,1,4,1,", "192,0,2,1,4,256", "192,0,2,-1,4,1", "192, 0,2,1,4,1",
        "192,0,2,1,0,0", "192.0.2.1,4,1", "99999999999,0,2,1,4,1", "(192,0,2,1,4,1)"})
    EXPECT_FALSE(parse_port_argument(wrong)) << wrong;
}

TEST(FtpAddress, EprtHasAnyDelimiterAndItsProtocol) {
  EXPECT_EQ(shown(parse_eprt_argument("|1|192.0.2.1|1025|")), "192.0.2.1:1025");
  EXPECT_EQ(shown(parse_eprt_argument("!2!2001:db8:0::1!1025!")), "[2001:db8::1]:1025");
  for (const char* wrong :
       {"", "||||", "|1|192.0.2.1|1025", "|2|192.0.2.1|1025|", "|1|2001:db8::1|1025|", "|1|localhost|1025|",
        "|1|192.0.2.1|0|", "|1|192.0.2.1|65536|", "|1|192.0.2.1|1025|1|", "|2|fe80::1%eth0|1025|",
        "|1|192.0.2.1|10 25|", "1192.0.2.1110251", "|3|192.0.2.1|1025|"})
    EXPECT_FALSE(parse_eprt_argument(wrong)) << wrong;
}

TEST(FtpAddress, APassiveReplyHasItsNumbersAnywhere) {
  EXPECT_EQ(shown(parse_passive_reply("Entering Passive Mode (192,0,2,1,4,1).")), "192.0.2.1:1025");
  EXPECT_EQ(shown(parse_passive_reply("in 2 modes =192,0,2,1,4,1")), "192.0.2.1:1025");
  for (const char* wrong : {"", "Entering Passive Mode", "(192,0,2,1,4)", "(192,0,2,1,4,999)", "1,2,3"})
    EXPECT_FALSE(parse_passive_reply(wrong)) << wrong;
}

TEST(FtpAddress, AnExtendedPassiveReplyHasAPortAlone) {
  EXPECT_EQ(parse_extended_passive_reply("Entering Extended Passive Mode (|||1025|)"), 1025);
  EXPECT_EQ(parse_extended_passive_reply("ok (!!!1025!)."), 1025);
  for (const char* wrong : {"", "()", "(||||)", "(|||0|)", "(|||65536|)", "(|1||1025|)",
                            "(|2|2001:db8::8|1025|)", "(|||1025)", "|||1025|"})
    EXPECT_FALSE(parse_extended_passive_reply(wrong)) << wrong;
}

TEST(FtpAddress, IsWrittenAsItIsRead) {
  const base::HostPort v4{.host = "192.0.2.1", .port = 1025, .unix_path = {}};
  const base::HostPort v6{.host = "2001:db8::1", .port = 65535, .unix_path = {}};
  EXPECT_EQ(parse_port_argument(six_numbers(v4)), v4);
  EXPECT_EQ(parse_eprt_argument(eprt_argument(v4)), v4);
  EXPECT_EQ(parse_eprt_argument(eprt_argument(v6)), v6);
  EXPECT_EQ(eprt_argument(Token{7}), "|1|0.0.0.0|7|");
  EXPECT_EQ(parse_extended_passive_reply(extended_passive_text(7)), 7);
}

}  // namespace
}  // namespace tsmtp::forward::ftp
