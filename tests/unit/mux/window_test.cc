// Windows fit themselves to the path, within one budget, and give back what they need no more.
#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kGranted = 4096;
constexpr std::size_t kBudget = 100'000;

class Window : public ::testing::Test {
 protected:
  /// Receives and deals with half a window, `lasted` after the last time; the window from then on.
  std::size_t after_half_was_used(ReceiveHalf& half, base::Duration lasted) {
    const std::size_t used = half.window_bytes() / 2;
    EXPECT_TRUE(half.received(used));
    half.consumed(used);
    EXPECT_TRUE(half.credit_due());
    now_ += lasted;
    half.tune(now_, 100ms, budget_);
    (void)half.state_credit();
    return half.window_bytes();
  }

  WindowBudget budget_{kBudget};
  base::TimePoint now_{};
};

TEST_F(Window, ThatIsHalfUsedWithinTwoRoundTripsIsDoubledWhileTheBudgetLasts) {
  ReceiveHalf half(kGranted);
  EXPECT_EQ(after_half_was_used(half, 10ms), kGranted) << "nothing is known yet";
  EXPECT_EQ(after_half_was_used(half, 150ms), 2 * kGranted);
  EXPECT_EQ(after_half_was_used(half, 150ms), 4 * kGranted);
  EXPECT_EQ(after_half_was_used(half, 250ms), 4 * kGranted) << "long enough for the path";
  while (budget_.left() > 0)
    (void)after_half_was_used(half, 150ms);
  EXPECT_EQ(half.window_bytes(), kGranted + kBudget);
  EXPECT_EQ(after_half_was_used(half, 150ms), kGranted + kBudget);
}

TEST_F(Window, ThatLastsLongGivesBackTheBudgetDownToWhatIsGranted) {
  ReceiveHalf half(kGranted);
  for (int i = 0; i < 4; ++i)
    (void)after_half_was_used(half, 150ms);
  EXPECT_EQ(half.window_bytes(), 8 * kGranted);
  const std::uint64_t credit = half.credit();
  EXPECT_TRUE(half.received(4 * kGranted));
  half.consumed(4 * kGranted);
  now_ += 2s;
  half.tune(now_, 100ms, budget_);
  EXPECT_EQ(half.window_bytes(), 4 * kGranted);
  EXPECT_GE(half.state_credit(), credit) << "what was given is given";
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(half.received(half.window_bytes() / 2));
    half.consumed(half.window_bytes() / 2);
    now_ += 2s;
    half.tune(now_, 100ms, budget_);
    (void)half.state_credit();
  }
  EXPECT_EQ(half.window_bytes(), kGranted);
  EXPECT_EQ(budget_.left(), kBudget);
}

TEST_F(Window, OfAStreamThatIsOverGivesBackAll) {
  ReceiveHalf half(kGranted);
  for (int i = 0; i < 4; ++i)
    (void)after_half_was_used(half, 150ms);
  half.give_back(budget_);
  EXPECT_EQ(budget_.left(), kBudget);
}

// What one stream has taken another cannot, but what is granted it always has.
TEST_F(Window, OfASecondStreamIsWhatIsGrantedAtLeast) {
  ReceiveHalf greedy(kGranted), modest(kGranted);
  while (budget_.left() > 0)
    (void)after_half_was_used(greedy, 150ms);
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(after_half_was_used(modest, 150ms), kGranted);
}

TEST(DataFrames, AreShortOnASlowLine) {
  Side side(RawPeer::settings(), {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  (void)peer.read(side.connection);
  const auto stream = side.session.open(kFirstService);
  side.connection.set_path({.round_trip = 40ms, .bytes_per_second = 500'000});
  side.session.write(*stream, std::string(4000, 'x'));
  EXPECT_EQ(summary(peer.read(side.connection)), "Open2 Data2 Data2");
}

}  // namespace
}  // namespace tsmtp::mux
