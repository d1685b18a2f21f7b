// P7: a site is its pinned key, or a key that a chain of signed steps leads to from it.
#include "relayd/keys/judge.h"

#include <gtest/gtest.h>

#include "tests/unit/keys/toy_crypto.h"

namespace tsmtp::keys {
namespace {

class Judge : public ::testing::Test {
 protected:
  [[nodiscard]] Verdict verdict(const Shown& shown, const std::string& pinned) const {
    return judge(shown, {toy_pin(pinned)}, book, crypto).verdict;
  }
  void learn(const Shown& shown) {
    for (const Learnt& step : news_of(shown, book, crypto, 5))
      EXPECT_TRUE(book.learn(step));
  }

  ToyCrypto crypto;
  Book book;
};

TEST_F(Judge, PinnedKeyIsAcceptedAndAnotherIsNot) {
  EXPECT_EQ(verdict(toy_shown({"a"}), "a"), Verdict::kAccepted);
  EXPECT_EQ(verdict(toy_shown({"x"}), "a"), Verdict::kUnpinned);
  EXPECT_EQ(crypto.verified, 0);
}

TEST_F(Judge, ChainLeadsFromThePinnedKeyHoweverLongItIs) {
  std::vector<std::string> keys{"a"};
  for (std::size_t i = 1; i <= kMaxSteps; ++i)
    keys.push_back("k" + std::to_string(i));
  const Shown shown = toy_shown(keys);
  for (const std::string& pinned : {keys[0], keys[1], keys[20], keys.back()})
    EXPECT_EQ(verdict(shown, pinned), Verdict::kAccepted) << pinned;
  EXPECT_EQ(verdict(shown, "x"), Verdict::kUnpinned);
}

TEST_F(Judge, ForgedStepCostsOneSignature) {
  Shown shown = toy_shown({"a", "b", "c", "d", "x"});
  shown.chain.steps.back().by_old = "forged";
  EXPECT_EQ(verdict(shown, "a"), Verdict::kForged);
  EXPECT_EQ(crypto.verified, 1);
}

TEST_F(Judge, EveryForgedStepIsFound) {
  for (std::size_t forged = 0; forged < 4; ++forged) {
    Shown shown = toy_shown({"a", "b", "c", "d", "e"});
    shown.chain.steps[forged].by_new = "forged";
    EXPECT_EQ(verdict(shown, "a"), Verdict::kForged) << forged;
  }
}

// What stands before the pinned key is nobody's proof of anything.
TEST_F(Judge, OnlyTheWayFromThePinnedKeyCounts) {
  Shown shown = toy_shown({"a", "b", "c"});
  shown.chain.steps[0].by_old = "forged";
  EXPECT_EQ(verdict(shown, "b"), Verdict::kAccepted);
  EXPECT_EQ(verdict(shown, "a"), Verdict::kForged);
}

TEST_F(Judge, KeyThatWasReplacedIsRefusedOnceThatIsKnown) {
  learn(toy_shown({"a", "b"}));
  EXPECT_EQ(verdict(toy_shown({"a"}), "a"), Verdict::kReplaced);
  EXPECT_EQ(verdict(toy_shown({"a", "b"}), "a"), Verdict::kAccepted);
  EXPECT_EQ(verdict(toy_shown({"a", "b", "c"}), "a"), Verdict::kAccepted);
  EXPECT_EQ(verdict(toy_shown({"a", "x"}), "a"), Verdict::kReplaced) << "a thief of the old key";
}

// The beginning may be missing from a chain that has become too long.
TEST_F(Judge, WhatWasLearntNeedNotBeShownAgain) {
  learn(toy_shown({"a", "b", "c"}));
  EXPECT_EQ(verdict(toy_shown({"c", "d"}, 3), "a"), Verdict::kAccepted);
  EXPECT_EQ(verdict(toy_shown({"c"}), "a"), Verdict::kAccepted);
}

TEST_F(Judge, WhatIsKnownIsNotVerifiedAgain) {
  const Shown shown = toy_shown({"a", "b", "c"});
  learn(shown);
  crypto.verified = 0;
  EXPECT_EQ(verdict(shown, "a"), Verdict::kAccepted);
  EXPECT_EQ(crypto.verified, 0);
}

TEST_F(Judge, RevokedKeyTakesItsWholeChainWithIt) {
  learn(toy_shown({"a", "b", "c"}));
  book.revoke({toy_pin("b")}, "birl", 9);
  for (const char* key : {"a", "b", "c"})
    EXPECT_EQ(verdict(toy_shown({key}), key), Verdict::kRevoked) << key;
  EXPECT_EQ(verdict(toy_shown({"c", "d"}, 3), "d"), Verdict::kRevoked);
  EXPECT_EQ(verdict(toy_shown({"a", "x"}), "x"), Verdict::kRevoked);
  EXPECT_EQ(verdict(toy_shown({"e"}), "e"), Verdict::kAccepted);
}

// One of several pinned keys.
TEST_F(Judge, EachPinnedKeyIsAWayOfItsOwn) {
  const std::vector<std::string> pinned{toy_pin("a"), toy_pin("n")};
  learn(toy_shown({"a", "b"}));
  EXPECT_EQ(judge(toy_shown({"n"}), pinned, book, crypto).verdict, Verdict::kAccepted);
  EXPECT_EQ(judge(toy_shown({"a"}), pinned, book, crypto).verdict, Verdict::kReplaced);
  EXPECT_EQ(judge(toy_shown({"a", "b"}), pinned, book, crypto).pinned, toy_pin("a"));
}

}  // namespace
}  // namespace tsmtp::keys
