#include "relayd/mux/stream.h"

#include <gtest/gtest.h>

#include "relayd/wire/frame.h"

namespace tsmtp::mux {
namespace {

TEST(SendHalf, SendsNoMoreThanItsCredit) {
  SendHalf half(10, 1000);
  half.write(std::string(25, 'x'));
  ASSERT_TRUE(half.ready());
  EXPECT_EQ(half.take_payload(wire::kMaxPayloadBytes).size(), 10U);
  EXPECT_FALSE(half.ready());
  ASSERT_TRUE(half.credit(20));
  EXPECT_EQ(half.take_payload(wire::kMaxPayloadBytes).size(), 10U);
  ASSERT_TRUE(half.credit(100));
  EXPECT_EQ(half.take_payload(wire::kMaxPayloadBytes).size(), 5U);
}

TEST(SendHalf, CreditSaidAgainOrLateChangesNothing) {
  SendHalf half(10, 1000);
  ASSERT_TRUE(half.credit(50));
  ASSERT_TRUE(half.credit(50));
  ASSERT_TRUE(half.credit(20));
  half.write(std::string(100, 'x'));
  EXPECT_EQ(half.take_payload(wire::kMaxPayloadBytes).size(), 50U);
}

TEST(SendHalf, CreditBeyondReasonIsRefused) {
  SendHalf half(10, 1000);
  EXPECT_TRUE(half.credit(std::uint64_t{1} << 32));
  EXPECT_FALSE(half.credit((std::uint64_t{1} << 32) + 1));
  EXPECT_FALSE(half.credit(~std::uint64_t{0}));
}

TEST(SendHalf, CutsIntoFramesAndKeepsTheOrder) {
  SendHalf half(1 << 20, 1 << 20);
  std::string sent, all;
  for (int i = 0; i < 50000; ++i)
    all += std::to_string(i);
  half.write(all);
  half.finish();
  while (half.ready()) {
    const auto payload = half.take_payload(wire::kMaxPayloadBytes);
    if (payload.empty()) break;
    EXPECT_LE(payload.size(), wire::kMaxPayloadBytes);
    sent += payload;
  }
  EXPECT_EQ(sent, all);
  half.finish_sent();
  EXPECT_FALSE(half.ready());
  EXPECT_EQ(half.state(), SendHalf::State::kFinished);
}

TEST(SendHalf, SaysWhenHalfAWindowIsFreeAgain) {
  SendHalf half(1 << 20, 1000);
  EXPECT_EQ(half.writable(), 1000U);
  half.write(std::string(1200, 'x'));
  EXPECT_EQ(half.writable(), 0U);
  (void)half.take_payload(600);
  EXPECT_FALSE(half.became_writable());
  (void)half.take_payload(100);
  EXPECT_TRUE(half.became_writable());
  EXPECT_EQ(half.writable(), 500U);
  (void)half.take_payload(100);
  EXPECT_FALSE(half.became_writable()) << "said once";
  half.write(std::string(50, 'x'));
  (void)half.take_payload(450);
  EXPECT_FALSE(half.became_writable()) << "it was not full";
}

TEST(SendHalf, FinishNeedsNoCreditButWaitsForTheBytes) {
  SendHalf half(5, 1000);
  half.write("123456");
  half.finish();
  half.write("dropped");
  EXPECT_EQ(half.take_payload(wire::kMaxPayloadBytes), "12345");
  EXPECT_FALSE(half.ready());
  ASSERT_TRUE(half.credit(6));
  EXPECT_EQ(half.take_payload(wire::kMaxPayloadBytes), "6");
  EXPECT_TRUE(half.ready());
  EXPECT_EQ(half.take_payload(wire::kMaxPayloadBytes), "");
}

TEST(ReceiveHalf, GivesCreditBackByHalvesOfTheWindow) {
  ReceiveHalf half(1000);
  ASSERT_TRUE(half.received(1000));
  half.consumed(499);
  EXPECT_FALSE(half.credit_due());
  half.consumed(1);
  ASSERT_TRUE(half.credit_due());
  EXPECT_EQ(half.state_credit(), 1500U);
  EXPECT_FALSE(half.credit_due());
  EXPECT_TRUE(half.received(500));
}

TEST(ReceiveHalf, TakesNothingBeyondTheCreditStated) {
  ReceiveHalf half(1000);
  ASSERT_TRUE(half.received(900));
  half.consumed(900);  // due, but not stated
  const auto refused = half.received(170);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "peer sent 70 bytes beyond the credit");
}

TEST(ReceiveHalf, NoCreditIsDueAfterFinish) {
  ReceiveHalf half(1000);
  ASSERT_TRUE(half.received(1000));
  ASSERT_TRUE(half.finished());
  half.consumed(1000);
  EXPECT_FALSE(half.credit_due());
}

}  // namespace
}  // namespace tsmtp::mux
