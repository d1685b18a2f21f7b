#include "relayd/keys/announcement.h"

#include <gtest/gtest.h>

#include "tests/unit/keys/toy_crypto.h"

namespace tsmtp::keys {
namespace {

TEST(Announcement, IsReadAsItWasWritten) {
  const Announcement announcement{toy_chain({"a", "b", "c"})};
  const auto said = decode_notice(encode_notice(announcement));
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_EQ(std::get<Announcement>(*said), announcement);
  const Acknowledgement acknowledgement{toy_pin("c")};
  const auto answer = decode_notice(encode_notice(acknowledgement));
  ASSERT_TRUE(answer);
  EXPECT_EQ(std::get<Acknowledgement>(*answer), acknowledgement);
}

TEST(Announcement, OtherNoticesAreSomebodyElses) {
  EXPECT_FALSE(is_about_keys(""));
  EXPECT_FALSE(is_about_keys(std::string("\1\1", 2)));
  EXPECT_TRUE(is_about_keys(encode_notice(Acknowledgement{toy_pin("c")})));
  EXPECT_TRUE(is_about_keys("\2"));
  EXPECT_FALSE(is_about_keys("\4"));
}

TEST(Announcement, EveryPieceOfOneIsRefused) {
  for (const std::string& whole :
       {encode_notice(Announcement{toy_chain({"a", "b"})}), encode_notice(Acknowledgement{toy_pin("c")})}) {
    for (std::size_t bytes = 1; bytes < whole.size(); ++bytes)
      EXPECT_FALSE(decode_notice(whole.substr(0, bytes))) << bytes;
    EXPECT_FALSE(decode_notice(whole + 'x'));
  }
}

}  // namespace
}  // namespace tsmtp::keys
