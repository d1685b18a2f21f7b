#include "relayd/base/token_bucket.h"

#include <gtest/gtest.h>

namespace tsmtp::base {
namespace {

using namespace std::chrono_literals;

const TimePoint kStart{1000s};

int taken_at_once(TokenBucket& bucket, TimePoint now) {
  int taken = 0;
  while (taken < 1000 && bucket.try_take(now))
    ++taken;
  return taken;
}

TEST(TokenBucket, GivesABurstThenTheRate) {
  TokenBucket bucket(5, 50);
  EXPECT_EQ(taken_at_once(bucket, kStart), 50);
  EXPECT_EQ(taken_at_once(bucket, kStart + 100ms), 0);
  EXPECT_EQ(taken_at_once(bucket, kStart + 1s), 5);
  EXPECT_EQ(taken_at_once(bucket, kStart + 1000s), 50) << "never more than a burst";
}

TEST(TokenBucket, SaysHowLongToWaitForWhatIsOwed) {
  TokenBucket bucket(10, 20);
  EXPECT_EQ(bucket.wait(kStart), 0s);
  bucket.take(119, kStart);
  EXPECT_EQ(bucket.wait(kStart), 10s);
  EXPECT_FALSE(bucket.try_take(kStart + 9900ms));
  EXPECT_TRUE(bucket.try_take(kStart + 10s));
}

TEST(TokenBucket, WhatWasUsedForNothingIsGivenBack) {
  TokenBucket bucket(1, 2);
  EXPECT_EQ(taken_at_once(bucket, kStart), 2);
  EXPECT_EQ(bucket.left(kStart), 0);
  bucket.give_back(1);
  EXPECT_EQ(bucket.left(kStart), 0.5);
  bucket.give_back(5);
  EXPECT_EQ(taken_at_once(bucket, kStart), 2) << "never more than a burst";
}

TEST(TokenBucket, AnotherRateKeepsWhatIsUsed) {
  TokenBucket bucket(1, 10);
  EXPECT_EQ(taken_at_once(bucket, kStart), 10);
  bucket.set_rate(2, 20);
  EXPECT_EQ(taken_at_once(bucket, kStart), 10);
  EXPECT_EQ(taken_at_once(bucket, kStart + 1s), 2);
}

TEST(TokenBucket, TimeThatRunsBackwardsGivesNothing) {
  TokenBucket bucket(1, 3);
  EXPECT_EQ(taken_at_once(bucket, kStart), 3);
  EXPECT_EQ(taken_at_once(bucket, kStart - 100s), 0);
  EXPECT_EQ(taken_at_once(bucket, kStart + 1s), 1);
}

}  // namespace
}  // namespace tsmtp::base
