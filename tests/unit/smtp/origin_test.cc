#include "relayd/smtp/origin.h"

#include <gtest/gtest.h>

#include "relayd/base/bytes.h"
#include "relayd/smtp/client_session.h"

namespace tsmtp::smtp {
namespace {

constexpr char kSignature[] = "0d0a0d0a000d0a515549540a";

TEST(ProxyHeader, OfIpv4) {
  EXPECT_EQ(base::hex(proxy_header("127.0.5.2", "192.0.2.25", 25)),
            std::string(kSignature) + "21" + "11" + "000c" + "7f000502" + "c0000219" + "0000" + "0019");
}

TEST(ProxyHeader, OfIpv6WhereOneEndIs) {
  EXPECT_EQ(base::hex(proxy_header("127.0.5.2", "2001:db8::25", 25)),
            std::string(kSignature) + "21" + "21" + "0024" + "00000000000000000000ffff7f000502" +
                "20010db8000000000000000000000025" + "0000" + "0019");
}

TEST(ProxyHeader, OfAConnectionOfOurOwn) {
  EXPECT_EQ(base::hex(proxy_header("", "192.0.2.25", 25)), std::string(kSignature) + "20" + "00" + "0000");
  EXPECT_EQ(proxy_header("no address", "192.0.2.25", 25), proxy_header("", "192.0.2.25", 25));
}

const std::vector<XclientAttribute> kOrigin{{.name = "NAME", .value = "birl.tsmtp"},
                                            {.name = "ADDR", .value = "127.0.5.2"},
                                            {.name = "HELO", .value = "a+b c"}};

TEST(Xclient, TellsWhatTheServerWantsToKnow) {
  EXPECT_EQ(xclient_line(kOrigin, "XCLIENT NAME ADDR PROTO HELO"),
            "XCLIENT NAME=birl.tsmtp ADDR=127.0.5.2 HELO=a+2Bb+20c");
  EXPECT_EQ(xclient_line(kOrigin, "xclient addr"), "XCLIENT ADDR=127.0.5.2");
}

TEST(Xclient, IsToldBetweenTwoEhlos) {
  ClientSession session("mx", kOrigin);
  session.receive("220 hub\r\n250-hub\r\n250-PIPELINING\r\n250 XCLIENT ADDR\r\n");
  session.send("MAIL FROM:<a@x>", 1);
  EXPECT_EQ(session.output(), "EHLO mx\r\nXCLIENT ADDR=127.0.5.2\r\n");
  session.output().clear();
  session.receive("220 hub again\r\n");
  EXPECT_EQ(session.output(), "EHLO mx\r\n");
  EXPECT_FALSE(session.next_event());
  session.output().clear();
  session.receive("250-hub\r\n250 SIZE 10\r\n");
  EXPECT_EQ(session.output(), "MAIL FROM:<a@x>\r\n");
  const auto event = session.next_event();
  ASSERT_TRUE(event && std::holds_alternative<Ready>(*event));
  EXPECT_FALSE(std::get<Ready>(*event).extensions.pipelining) << "what counts is the second EHLO";
}

TEST(Xclient, AServerThatDoesNotOfferItIsNotUsed) {
  for (const char* says : {"250 hub\r\n", "250-hub\r\n250 XCLIENT ADDR\r\n550 5.7.0 not you\r\n"}) {
    ClientSession session("mx", kOrigin);
    session.send("MAIL FROM:<a@x>", 1);
    session.receive(std::string("220 hub\r\n") + says);
    const auto event = session.next_event();
    ASSERT_TRUE(event && std::holds_alternative<Failed>(*event)) << says;
    EXPECT_EQ(std::get<Failed>(*event).cause.substr(0, 8), "XCLIENT ");
    EXPECT_EQ(session.output().find("MAIL"), std::string::npos);
  }
}

}  // namespace
}  // namespace tsmtp::smtp
