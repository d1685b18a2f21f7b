#include "relayd/forward/x11/near_end.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::x11 {
namespace {

using std::string_literals::operator""s;

TEST(NearEnd, EveryBytePassesBothWays) {
  NearEnd protocol;
  ProtocolOutput out;
  for (const char* piece : {"l", "", "setup", "requests"})
    EXPECT_TRUE(protocol.from_host(piece, out));
  EXPECT_TRUE(protocol.from_link("replies", out));
  EXPECT_EQ(out.to_link, "lsetuprequests");
  EXPECT_EQ(out.to_host, "replies");
}

TEST(NearEnd, RefusalIsSaidInTheProgramsByteOrder) {
  for (const char order : {'B', 'l'}) {
    NearEnd protocol;
    ProtocolOutput out;
    EXPECT_TRUE(protocol.from_host(std::string(1, order), out));
    EXPECT_TRUE(protocol.from_host("B l", out));
    EXPECT_EQ(protocol.refusal("denied"), order == 'B' ? "\0\x0d\0\x0b\0\0\0\4tsmtp: denied\0\0\0"s
                                                       : "\0\x0d\x0b\0\0\0\4\0tsmtp: denied\0\0\0"s);
  }
}

TEST(NearEnd, ProgramThatHasSaidNothingOrNoByteOrderIsToldNothing) {
  NearEnd silent;
  EXPECT_EQ(silent.refusal("denied"), "");
  NearEnd other;
  ProtocolOutput out;
  EXPECT_TRUE(other.from_host("GET /", out));
  EXPECT_TRUE(other.from_host("l", out));
  EXPECT_EQ(other.refusal("denied"), "");
}

}  // namespace
}  // namespace tsmtp::forward::x11
