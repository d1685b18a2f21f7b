#include "relayd/forward/x11/display.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::x11 {
namespace {

using std::string_literals::operator""s;

std::optional<Display> at(const std::string& address) {
  const auto parsed = base::parse_host_port(address, true);
  EXPECT_TRUE(parsed) << address;
  return display_at(*parsed, "desk");
}

TEST(Display, OfThisHostIsLocalHoweverItIsReached) {
  const Display local{.family = Family::kLocal, .address = "desk", .number = "10"};
  EXPECT_EQ(at("unix:/tmp/.X11-unix/X10"), local);
  EXPECT_EQ(at("127.0.0.1:6010"), local);
  EXPECT_EQ(at("127.0.5.2:6010"), local);
  EXPECT_EQ(at("[::1]:6010"), local);
}

TEST(Display, OfAnotherHostIsKnownByItsAddress) {
  EXPECT_EQ(at("192.0.2.1:6000"), (Display{Family::kInternet, "\xc0\0\2\1"s, "0"}));
  EXPECT_EQ(at("[2001:db8::1]:6063"),
            (Display{Family::kInternet6, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s, "63"}));
  EXPECT_EQ(at("desk.birl.example:6001"), (Display{Family::kWild, "", "1"}));
}

TEST(Display, IsNoneWithoutANumber) {
  EXPECT_FALSE(at("127.0.0.1:110"));
  EXPECT_FALSE(at("unix:/run/tsmtp/pop3.sock"));
}

}  // namespace
}  // namespace tsmtp::forward::x11
