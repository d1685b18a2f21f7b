#include "relayd/forward/probing.h"

#include <gtest/gtest.h>

namespace tsmtp::forward {
namespace {

using namespace std::chrono_literals;
using Step = Probing::Step;

constexpr base::TimePoint kBegin{1h};

TEST(ForwardProbing, AsksTheKernelEverySecondAndConnectsToNothingThatListens) {
  Probing probing(true);
  EXPECT_EQ(probing.answers(), std::nullopt);
  for (auto now = kBegin; now < kBegin + 1h; now += 1s) {
    ASSERT_EQ(probing.due(now), Step::kAskKernel);
    probing.kernel_says(true, now);
    ASSERT_EQ(probing.due(now), Step::kNothing);
    ASSERT_EQ(probing.due(now + 900ms), Step::kNothing);
  }
  EXPECT_EQ(probing.answers(), true);
}

TEST(ForwardProbing, OneThatStopsToListenIsTriedAtOnceForItsCause) {
  Probing probing(true);
  probing.kernel_says(true, kBegin);
  probing.kernel_says(false, kBegin + 1s);
  ASSERT_EQ(probing.due(kBegin + 1s), Step::kConnect);
  probing.connecting();
  EXPECT_EQ(probing.due(kBegin + 3s), Step::kNothing) << "one at a time";
  probing.failed("Connection refused", kBegin + 3s);
  EXPECT_EQ(probing.answers(), false);
  EXPECT_EQ(probing.cause(), "Connection refused");
  ASSERT_EQ(probing.due(kBegin + 3s), Step::kAskKernel);
  probing.kernel_says(true, kBegin + 3s);
  EXPECT_EQ(probing.answers(), true);
  EXPECT_EQ(probing.cause(), "");
}

TEST(ForwardProbing, AServiceThatOnlyAConnectionReachesIsTriedNowAndThen) {
  Probing probing(true);  // behind the kernel's own translation of addresses
  probing.kernel_says(false, kBegin);
  ASSERT_EQ(probing.due(kBegin), Step::kConnect);
  probing.connected(kBegin);
  EXPECT_EQ(probing.answers(), true);
  int connects = 0;
  for (auto now = kBegin; now < kBegin + 10min; now += 500ms) {
    if (probing.due(now) == Step::kAskKernel) probing.kernel_says(false, now);
    if (probing.due(now) != Step::kConnect) continue;
    probing.connected(now);
    ++connects;
  }
  EXPECT_LE(connects, 20);
  EXPECT_GE(connects, 18);
}

TEST(ForwardProbing, OneThatListensAndDoesNotAnswerIsNotBelievedUntilItHas) {
  Probing probing(true);
  probing.kernel_says(true, kBegin);
  probing.failed("it does not answer a connection", kBegin + 500ms);
  EXPECT_EQ(probing.answers(), false);
  EXPECT_EQ(probing.due(kBegin + 1s), Step::kNothing) << "the kernel's word is not enough now";
  ASSERT_EQ(probing.due(kBegin + 3s), Step::kConnect);
  probing.connected(kBegin + 3s);
  EXPECT_EQ(probing.answers(), true);
  EXPECT_EQ(probing.due(kBegin + 3s), Step::kAskKernel);
}

TEST(ForwardProbing, ElsewhereItConnectsSeldomWhileItAnswersAndOftenWhileNot) {
  Probing probing(false);
  ASSERT_EQ(probing.due(kBegin), Step::kConnect);
  probing.connected(kBegin);
  EXPECT_EQ(probing.due(kBegin + 29s), Step::kNothing);
  ASSERT_EQ(probing.due(kBegin + 30s), Step::kConnect);
  probing.failed("x", kBegin + 30s);
  EXPECT_EQ(probing.due(kBegin + 31s), Step::kNothing);
  EXPECT_EQ(probing.due(kBegin + 32s), Step::kConnect);
}

}  // namespace
}  // namespace tsmtp::forward
