#include "relayd/policy/rate.h"

#include <gtest/gtest.h>

namespace tsmtp::policy {
namespace {

using namespace std::chrono_literals;

const base::TimePoint kStart{1000s};

int mails_at_once(RateLimit& limit, base::TimePoint now) {
  int mails = 0;
  while (mails < 1000 && !limit.begin_mail("birl", now))
    ++mails;
  return mails;
}

TEST(RateLimit, WithoutLimitsEverythingPasses) {
  RateLimit limit({0, 0});
  limit.count_bytes(std::uint64_t{1} << 60, kStart);
  EXPECT_EQ(mails_at_once(limit, kStart), 1000);
}

TEST(RateLimit, LetsABurstOfTenSecondsThroughThenTheRate) {
  RateLimit limit({5, 0});
  EXPECT_EQ(mails_at_once(limit, kStart), 50);
  EXPECT_EQ(mails_at_once(limit, kStart + 100ms), 0);
  EXPECT_EQ(mails_at_once(limit, kStart + 1s), 5);
  EXPECT_EQ(mails_at_once(limit, kStart + 3s), 10);
  EXPECT_EQ(mails_at_once(limit, kStart + 1000s), 50) << "never more than a burst";
}

TEST(RateLimit, SaysWhichLimitAndWhenToTryAgain) {
  RateLimit limit({1, 0});
  EXPECT_EQ(mails_at_once(limit, kStart), 10);
  const auto refusal = limit.begin_mail("birl", kStart + 200ms);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->summary(), "451 4.7.1 birl: more than 1 mail per second; try again in 1 s");
}

TEST(RateLimit, BytesAreCountedAsTheyFlowAndOwedAfterwards) {
  RateLimit limit({0, 1000});
  ASSERT_FALSE(limit.begin_mail("birl", kStart));
  limit.count_bytes(5'000, kStart);
  EXPECT_FALSE(limit.begin_mail("birl", kStart)) << "half of the burst is left";
  limit.count_bytes(25'000, kStart);
  const auto refusal = limit.begin_mail("birl", kStart);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->summary(), "451 4.7.1 birl: more than 1000 bytes per second; try again in 21 s");
  EXPECT_TRUE(limit.begin_mail("birl", kStart + 19s));
  EXPECT_FALSE(limit.begin_mail("birl", kStart + 21s));
}

TEST(RateLimit, ARefusedMailIsNotCounted) {
  RateLimit limit({1, 0});
  EXPECT_EQ(mails_at_once(limit, kStart), 10);
  for (int i = 0; i < 100; ++i)
    EXPECT_TRUE(limit.begin_mail("birl", kStart));
  EXPECT_EQ(mails_at_once(limit, kStart + 2s), 2);
}

TEST(RateLimit, TakesOtherRatesAtOnce) {
  RateLimit limit({1, 0});
  EXPECT_EQ(mails_at_once(limit, kStart), 10);
  limit.set_rates({2, 0});
  EXPECT_EQ(mails_at_once(limit, kStart), 10) << "the burst grew by ten";
  limit.set_rates({0, 0});
  EXPECT_EQ(mails_at_once(limit, kStart), 1000);
}

TEST(RateLimit, AClockThatStandsStillDoesNoHarm) {
  RateLimit limit({1, 1});
  EXPECT_FALSE(limit.begin_mail("birl", kStart));
  EXPECT_FALSE(limit.begin_mail("birl", kStart - 5s));
}

}  // namespace
}  // namespace tsmtp::policy
