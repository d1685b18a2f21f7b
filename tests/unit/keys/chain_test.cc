#include "relayd/keys/chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/keys/toy_crypto.h"

namespace tsmtp::keys {
namespace {

using ::testing::HasSubstr;

TEST(Chain, IsReadAsItWasWritten) {
  const Chain chain = toy_chain({"a", "b", "c"});
  const auto read = decode(encode(chain));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, chain);
}

TEST(Chain, EveryPieceOfOneIsRefused) {
  const std::string whole = encode(toy_chain({"a", "b", "c"}));
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    EXPECT_FALSE(decode(whole.substr(0, bytes))) << bytes;
  EXPECT_THAT(decode(whole + "x").error().message, HasSubstr("bytes behind its chain"));
}

TEST(Chain, BoundsAreCheckedBeforeAnythingElse) {
  EXPECT_THAT(decode(std::string(kMaxChainBytes + 1, 'x')).error().message, HasSubstr("at most 8192"));
  std::string many = encode(toy_chain({"a", "b"}));
  many[1] = static_cast<char>(kMaxSteps + 1);
  EXPECT_THAT(decode(many).error().message, HasSubstr("33 steps, 1 to 32"));
  many[1] = 0;
  EXPECT_FALSE(decode(many));
  many[0] = 2;
  EXPECT_THAT(decode(many).error().message, HasSubstr("version 2"));
  std::string long_key = encode(toy_chain({"a", "b"}));
  long_key[2] = 0x7f;
  EXPECT_FALSE(decode(long_key));
}

TEST(Chain, SerialsRiseByOneWhereverTheyBegin) {
  EXPECT_TRUE(decode(encode(toy_chain({"b", "c", "d"}, 7))));
  Chain gap = toy_chain({"a", "b", "c"});
  gap.steps[1].serial = 3;
  EXPECT_THAT(decode(encode(gap)).error().message, HasSubstr("not in their order"));
  EXPECT_FALSE(decode(encode(toy_chain({"a", "b"}, 0))));
}

TEST(Chain, StepIsSignedByBothKeysOrNotAtAll) {
  const ToyCrypto crypto;
  const Chain chain = toy_chain({"a", "b"});
  EXPECT_TRUE(is_signed(chain.steps[0], "a", crypto));
  EXPECT_FALSE(is_signed(chain.steps[0], "x", crypto));
  Step other = chain.steps[0];
  other.made += 1;
  EXPECT_FALSE(is_signed(other, "a", crypto));
  other = chain.steps[0];
  other.by_new = other.by_old;
  EXPECT_FALSE(is_signed(other, "a", crypto));
}

TEST(Chain, GivesUpItsFirstStepsWhenItBecomesTooLong) {
  Chain chain{.first = "k0", .steps = {}};
  for (std::uint32_t i = 1; i <= kMaxSteps + 3; ++i)
    chain = extended(std::move(chain),
                     {.serial = i, .key = "k" + std::to_string(i), .by_old = "o", .by_new = "n"});
  EXPECT_EQ(chain.first, "k3");
  EXPECT_EQ(chain.steps.size(), kMaxSteps);
  EXPECT_EQ(chain.steps.front().serial, 4U);
  EXPECT_TRUE(decode(encode(chain)));
}

TEST(Chain, OfLargeKeysHasFewerSteps) {
  Chain chain{.first = std::string(kMaxKeyBytes, 'k'), .steps = {}};
  for (std::uint32_t i = 1; i <= 9; ++i)
    chain = extended(std::move(chain), {.serial = i,
                                        .key = std::string(kMaxKeyBytes, 'k'),
                                        .by_old = std::string(kMaxKeyBytes, 'o'),
                                        .by_new = std::string(kMaxKeyBytes, 'n')});
  EXPECT_EQ(chain.steps.size(), 2U);
  EXPECT_TRUE(decode(encode(chain)));
}

}  // namespace
}  // namespace tsmtp::keys
