#include "relayd/mail/disowned.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

std::string transaction(std::size_t n) {
  std::string id = std::to_string(n);
  return std::string(16 - id.size(), '0') + id;
}

TEST(DisownedTransactions, StayForAnHour) {
  Disowned disowned;
  const base::TimePoint now{};
  EXPECT_FALSE(disowned.contains(transaction(1)));
  EXPECT_TRUE(disowned.add(transaction(1), now));
  EXPECT_TRUE(disowned.add(transaction(1), now + std::chrono::minutes(59))) << "said again";
  EXPECT_TRUE(disowned.contains(transaction(1)));
  EXPECT_TRUE(disowned.add(transaction(2), now + Disowned::kAge));
  EXPECT_FALSE(disowned.contains(transaction(1)));
}

// "unknown" must not be said of one that could not be kept out afterwards.
TEST(DisownedTransactions, AreBounded) {
  Disowned disowned;
  base::TimePoint now{};
  for (std::size_t n = 0; n < Disowned::kMost; ++n)
    ASSERT_TRUE(disowned.add(transaction(n), now));
  EXPECT_FALSE(disowned.add(transaction(Disowned::kMost), now));
  EXPECT_TRUE(disowned.add(transaction(0), now)) << "it is there";
  EXPECT_TRUE(disowned.add(transaction(Disowned::kMost), now + Disowned::kAge));
}

}  // namespace
}  // namespace tsmtp::mail
