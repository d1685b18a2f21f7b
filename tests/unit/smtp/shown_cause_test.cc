#include "relayd/smtp/shown_cause.h"

#include <gtest/gtest.h>

namespace tsmtp::smtp {
namespace {

constexpr std::size_t kOther = 40;  // leaves 50

TEST(ShownCause, WhatFitsStays) {
  EXPECT_EQ(shown_cause("Connection refused, 127.0.0.1:25", kOther), "Connection refused, 127.0.0.1:25");
  EXPECT_EQ(shown_cause(std::string(50, 'x'), kOther), std::string(50, 'x'));
  EXPECT_EQ(shown_cause("", kOther), "");
}

TEST(ShownCause, TheAddressGoesFirst) {
  EXPECT_EQ(shown_cause("Connection refused, [2001:db8:1234:5678:9abc::25]:2525", kOther),
            "Connection refused");
  EXPECT_EQ(shown_cause("No such file or directory, /run/a-long-name/of-a-socket/lmtp", kOther),
            "No such file or directory");
}

TEST(ShownCause, WhatOthersSaidIsCutAtItsEnd) {
  const std::string greeting =
      "421 4.3.2 hub.birl.example Service not available, closing transmission channel";
  EXPECT_EQ(shown_cause(greeting, kOther), "421 4.3.2 hub.birl.example Service not availabl...");
  EXPECT_EQ(shown_cause(greeting + ", 127.0.0.1:25", kOther),
            "421 4.3.2 hub.birl.example Service not availabl...");
  EXPECT_EQ(shown_cause(std::string(46, 'x') + " yyyyyyy", kOther), std::string(46, 'x') + "...");
}

TEST(ShownCause, NoCharacterIsCutInTwo) {
  EXPECT_EQ(shown_cause(std::string(46, 'x') + "\u00e9\u00e9\u00e9", kOther), std::string(46, 'x') + "...");
  EXPECT_EQ(shown_cause(std::string(45, 'x') + "\u00e9\u00e9\u00e9", kOther),
            std::string(45, 'x') + "\u00e9...");
}

TEST(ShownCause, SomeOfItStaysBesideTheLongestName) {
  EXPECT_EQ(shown_cause(std::string(60, 'x'), 200), std::string(37, 'x') + "...");
}

}  // namespace
}  // namespace tsmtp::smtp
