// The notice about the far MTA: round trip, and what a peer may send instead.
#include <gtest/gtest.h>

#include "relayd/mail/far_mta.h"

namespace tsmtp::mail {
namespace {

TEST(Notice, ComesBackAsItWas) {
  const FarMta reachable{.reachable = true,
                         .extensions = {.pipelining = true,
                                        .eight_bit_mime = true,
                                        .dsn = true,
                                        .enhanced_status_codes = true,
                                        .size = 35'000'000},
                         .cause = ""};
  const FarMta bare{.reachable = true, .extensions = {}, .cause = ""};
  const FarMta gone{.reachable = false, .extensions = {}, .cause = "127.0.0.1:25: Connection refused"};
  for (const FarMta& mta : {reachable, bare, gone}) {
    const auto back = decode_notice(encode_notice(mta));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, mta);
  }
}

TEST(Notice, TooShortOrOfAnotherKind) {
  for (const std::string& bytes :
       {std::string(), std::string("\x01"), std::string("\x02\x01"), std::string("\0\1", 2)})
    EXPECT_FALSE(decode_notice(bytes));
}

TEST(Notice, CausesAreEscapedAndCut) {
  const auto notice =
      decode_notice(std::string("\x01\0", 2) + "down\r\n250 \x1b[2J" + std::string(9000, 'x'));
  ASSERT_TRUE(notice);
  EXPECT_FALSE(notice->reachable);
  EXPECT_EQ(notice->cause.find_first_of("\r\n\x1b"), std::string::npos);
  EXPECT_LT(notice->cause.size(), 1000U);
}

TEST(Notice, UnknownAndBrokenKeywordsArePassedOver) {
  std::string bytes("\x01\x01", 2);
  bytes +=
      "PIPELINING\nXNEW a b\n\n\nSIZE x\nsize\n8BITMIME\r\n\xff\xfe\n" + std::string("\0\0", 2) + "\nDSN";
  const auto notice = decode_notice(bytes);
  ASSERT_TRUE(notice);
  EXPECT_TRUE(notice->reachable);
  EXPECT_TRUE(notice->extensions.pipelining);
  EXPECT_TRUE(notice->extensions.dsn);
}

TEST(Notice, FullOfLines) {
  const auto notice = decode_notice(std::string("\x01\x01", 2) + std::string(16'358, '\n'));
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->extensions, smtp::Extensions{});
}

}  // namespace
}  // namespace tsmtp::mail
