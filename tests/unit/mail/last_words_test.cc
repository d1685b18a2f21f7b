#include "relayd/mail/last_words.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

using Kind = Outcome::Kind;

TEST(LastWords, AcceptedIsKnownWordForWord) {
  const auto outcome = outcome_of("250-2.0.0 first\r\n250 second\r\n", false, {3});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->kind, Kind::kKnown);
  EXPECT_EQ(outcome->reply.wire(), "250-2.0.0 first\r\n250 second\r\n");
  EXPECT_EQ(outcome->refused, std::vector<std::uint16_t>{3});
}

TEST(LastWords, NothingIsSaidOfWhatIsNotComplete) {
  for (const char* said : {"", "2", "250", "250 ok", "250 ok\r", "250-first\r\n", "250-first\r\n250 sec"})
    EXPECT_FALSE(outcome_of(said, false, {})) << said;
}

// Then the mail is tried again, as after any refusal.
TEST(LastWords, RefusedIsUnknown) {
  for (const char* said :
       {"451 later\r\n", "550 no\r\n", "421 closing\r\n", "354 what\r\n", "no SMTP at all\r\n"}) {
    const auto outcome = outcome_of(said, false, {});
    ASSERT_TRUE(outcome) << said;
    EXPECT_EQ(outcome->kind, Kind::kUnknown) << said;
  }
}

TEST(LastWords, OfOneThatIsCutTheFirstLineDecides) {
  const auto accepted = outcome_of("250-2.0.0 first\r\n250-sec", true, {});
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->kind, Kind::kKnown);
  EXPECT_EQ(accepted->reply.wire(), "250 2.0.0 first\r\n");
  const auto refused = outcome_of("550-" + std::string(1700, 'x'), true, {});
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->kind, Kind::kUnknown);
}

}  // namespace
}  // namespace tsmtp::mail
