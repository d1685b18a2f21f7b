#include "relayd/net/resting_session.h"

#include <gtest/gtest.h>

namespace tsmtp::net {
namespace {

RestingSession sample() {
  return {.dialogue = {.protocol = smtp::Resting::Protocol::kSmtp,
                       .helo = std::string("mx \xff\n", 5),
                       .errors = 7,
                       .idle_commands = 3},
          .announced = {.pipelining = true, .eight_bit_mime = true, .smtputf8 = true, .size = 10'485'760}};
}

TEST(RestingSession, IsTheSameBehindItsText) {
  EXPECT_EQ(resting_session_in(to_text(sample())), sample());
  EXPECT_EQ(resting_session_in(to_text(RestingSession())), RestingSession());
}

TEST(RestingSession, HasABoundedText) {
  RestingSession longest = sample();
  longest.dialogue.helo = std::string(255, 'x');
  longest.announced = {.pipelining = true,
                       .eight_bit_mime = true,
                       .dsn = true,
                       .enhanced_status_codes = true,
                       .chunking = true,
                       .smtputf8 = true,
                       .size = ~std::uint64_t{0},
                       .deliver_by = ~std::uint64_t{0}};
  EXPECT_TRUE(can_be_told(longest.dialogue));
  EXPECT_LT(to_text(longest).size(), 900U);
  longest.dialogue.helo += 'x';
  EXPECT_FALSE(can_be_told(longest.dialogue));
}

TEST(RestingSession, IsNotMadeOfOtherText) {
  for (const char* const text :
       {"", "1", "1 2 3", "1 2 3\n", "3 0 0\n61\n", "-1 0 0\n61\n", "1 0 0\n6\n", "x y z\n61\n"})
    EXPECT_FALSE(resting_session_in(text)) << text;
}

}  // namespace
}  // namespace tsmtp::net
