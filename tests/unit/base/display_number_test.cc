#include "relayd/base/display_number.h"

#include <gtest/gtest.h>

namespace tsmtp::base {
namespace {

std::optional<std::string> number_at(const std::string& address) {
  const auto parsed = parse_host_port(address, true);
  EXPECT_TRUE(parsed) << address;
  return display_number(*parsed);
}

TEST(DisplayNumber, IsThatOfThePortOrOfTheSocketsName) {
  EXPECT_EQ(number_at("127.0.0.1:6000"), "0");
  EXPECT_EQ(number_at("[::1]:6010"), "10");
  EXPECT_EQ(number_at("desk.birl.example:65535"), "59535");
  EXPECT_EQ(number_at("unix:/tmp/.X11-unix/X10"), "10");
  EXPECT_EQ(number_at("unix:/X0"), "0");
}

TEST(DisplayNumber, EverythingElseHasNone) {
  for (const char* address : {"127.0.0.1:5999", "127.0.0.1:110", "unix:/tmp/.X11-unix/X", "unix:/run/X1a",
                              "unix:/run/x1", "unix:/run/X1/socket", "unix:/run/X-1", "unix:/run/X123456"})
    EXPECT_FALSE(number_at(address)) << address;
}

}  // namespace
}  // namespace tsmtp::base
