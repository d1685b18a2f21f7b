#include "relayd/forward/ftp/awaited_replies.h"

#include <gtest/gtest.h>

namespace tsmtp::forward::ftp {
namespace {

struct AwaitedRepliesTest : testing::Test {
  AwaitedRepliesTest() { take(220); }
  /// A final reply; returns what it was for.
  std::optional<Asked> take(int code) {
    Awaited* const found = awaited.find(code);
    if (found == nullptr) return std::nullopt;
    const Asked asked = found->asked;
    awaited.drop(found);
    return asked;
  }
  void push(Asked asked) { ASSERT_TRUE(awaited.push({.asked = asked})); }
  AwaitedReplies awaited;
};

TEST_F(AwaitedRepliesTest, RepliesComeInOrder) {
  push(Asked::kTransfer);
  push(Asked::kActive);
  EXPECT_EQ(take(226), Asked::kTransfer);
  EXPECT_EQ(take(200), Asked::kActive);
  EXPECT_EQ(take(200), std::nullopt);
}

TEST_F(AwaitedRepliesTest, OurOwnWaitTheirTurn) {
  push(Asked::kOther);
  ASSERT_TRUE(awaited.push({.asked = Asked::kOwn, .text = "500 a\r\n"}));
  ASSERT_TRUE(awaited.push({.asked = Asked::kOwn, .text = "500 b\r\n"}));
  EXPECT_EQ(awaited.take_own(), "");
  EXPECT_EQ(take(200), Asked::kOther);
  EXPECT_EQ(awaited.take_own(), "500 a\r\n500 b\r\n");
  EXPECT_TRUE(awaited.empty());
}

TEST_F(AwaitedRepliesTest, StatIsAnsweredAmidATransfer) {
  push(Asked::kTransfer);
  push(Asked::kStatus);
  awaited.find(150)->under_way = true;
  EXPECT_EQ(take(213), Asked::kStatus);
  EXPECT_EQ(take(226), Asked::kTransfer);
}

TEST_F(AwaitedRepliesTest, AServerThatAnswersOneTooFewIsFoundOut) {
  push(Asked::kTransfer);
  push(Asked::kOther);  // ABOR
  EXPECT_EQ(take(226), Asked::kTransfer);
  push(Asked::kPassive);
  ASSERT_TRUE(awaited.push({.asked = Asked::kOwn, .text = "500 a\r\n"}));
  push(Asked::kPassive);
  EXPECT_EQ(take(227), Asked::kPassive);
  EXPECT_EQ(awaited.take_own(), "500 a\r\n");
  EXPECT_EQ(take(229), Asked::kPassive);
  EXPECT_TRUE(awaited.empty());
}

TEST_F(AwaitedRepliesTest, AServerThatAnswersOneTooManyIsFoundOut) {
  push(Asked::kPassive);
  EXPECT_EQ(take(226), std::nullopt);
  EXPECT_EQ(take(227), Asked::kPassive);
}

TEST_F(AwaitedRepliesTest, AreBounded) {
  for (std::size_t i = 0; i < AwaitedReplies::kMax; ++i)
    push(Asked::kOther);
  EXPECT_FALSE(awaited.push({.asked = Asked::kOther}));
}

}  // namespace
}  // namespace tsmtp::forward::ftp
