// Windows fit themselves to the path, within one budget, and give back what they need no more.
#include <gtest/gtest.h>

#include <algorithm>

#include "relayd/base/bytes.h"
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

// The window of one stream, as it is stated while the peer fills it without end.
std::size_t largest_window(Side& side, RawPeer& peer, StreamId stream, base::TimePoint& now) {
  std::uint64_t credit = kGranted, sent = 0, largest = 0;
  for (int i = 0; i < 400; ++i, now += 10ms) {
    const std::size_t bytes = std::min<std::size_t>(credit - sent, wire::kMaxPayloadBytes);
    EXPECT_TRUE(side.receive(peer.data(stream, std::string(bytes, 'x')), now));
    sent += bytes;
    for (const Received& received : events_of<Received>(side.session))
      side.session.consumed(stream, received.bytes.size());
    for (const RawFrame& frame : peer.read(side.connection, now))
      if (frame.type == wire::FrameType::kCredit) credit = base::get_u64(frame.payload);
    largest = std::max<std::uint64_t>(largest, credit - sent);
  }
  return largest;
}

TEST(Windows, OfOtherServicesTakeNothingThatMailsCouldGrowBy) {
  ConnectionSettings settings = RawPeer::settings();
  settings.limits.window_budget_bytes = 9000;
  settings.limits.other_window_budget_bytes = 5000;
  Side side(settings, {});
  RawPeer peer;
  ASSERT_TRUE(side.receive(peer.greeting(), {}));
  side.connection.set_path({.round_trip = 1s, .bytes_per_second = 0});
  ASSERT_TRUE(side.receive(joined({peer.open(1, kOtherService), peer.open(3)}), {}));
  base::TimePoint now{};
  EXPECT_EQ(largest_window(side, peer, 1, now), kGranted + 5000);
  EXPECT_EQ(largest_window(side, peer, 3, now), kGranted + 9000);
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
