// Doubts that other hubs of our site recorded, among our own.
#include <gtest/gtest.h>

#include "relayd/ledger/doubts.h"
#include "tests/unit/ledger/sample_doubts.h"

namespace tsmtp::ledger {
namespace {

ForeignDoubt foreign(char name, const std::string& mail, bool is_alone = true) {
  return {.key = key(name),
          .mail = mail,
          .address = kAddress,
          .hub = "osaka",
          .recorded = kNow,
          .is_alone = is_alone};
}

TEST(ForeignDoubts, AreClaimedLikeOurOwn) {
  Doubts doubts;
  doubts.add_foreign("birl", foreign('f', kDigest));
  EXPECT_TRUE(doubts.is_in_doubt("birl", kAddress));
  EXPECT_FALSE(doubts.claim("essen", kDigest));
  EXPECT_EQ(doubts.claim("birl", kDigest), key('f'));
  EXPECT_EQ(foreign_recipients(doubts.table()), 1U);
  ASSERT_EQ(mails_in_doubt(doubts.table()).size(), 1U);
  EXPECT_EQ(mails_in_doubt(doubts.table())[0].hub, "osaka");
  (void)doubts.settle(transaction('f'));
  EXPECT_EQ(foreign_recipients(doubts.table()), 0U);
}

TEST(ForeignDoubts, OneThatIsHereStaysAsItIs) {
  Doubts doubts;
  (void)doubts.record(transaction('a'), "birl", one(kDigest), kNow);
  doubts.add_foreign("birl", foreign('a', kDigest));
  EXPECT_FALSE(doubts.claim("birl", kDigest)) << "it is under way";
  EXPECT_EQ(foreign_recipients(doubts.table()), 0U);
}

TEST(ForeignDoubts, ATransactionWithOthersIsNeverAllHere) {
  Doubts doubts;
  doubts.add_foreign("birl", foreign('f', kDigest, false));
  EXPECT_FALSE(doubts.is_all_here(transaction('f')));
  doubts.add_foreign("birl", foreign('g', kDigest));
  EXPECT_TRUE(doubts.is_all_here(transaction('g')));
  (void)doubts.record(transaction('a'), "birl", two_of_three(), kNow);
  EXPECT_TRUE(doubts.is_all_here(transaction('a')));
}

TEST(ForeignDoubts, WhateverIsForgottenIsToldOf) {
  Doubts doubts;
  std::vector<std::string> told;
  doubts.on_erased([&](const DoubtKey& erased, const std::string& site, const std::string& mail) {
    told.push_back(erased.transaction.substr(0, 1) + std::to_string(erased.index) + site +
                   (mail == kDigest ? "1" : "2"));
  });
  (void)doubts.record(transaction('a'), "birl", two_of_three(), kNow);
  doubts.set_sites({{"essen", {kPin}}});
  (void)doubts.settle(key('a', 2));
  (void)doubts.settle(key('a', 2));
  (void)doubts.settle(transaction('a'));
  doubts.add_foreign("essen", foreign('f', kDigest));
  (void)doubts.was_not_delivered(transaction('f'));
  doubts.add_foreign("essen", foreign('g', kDigest));
  (void)doubts.expire(kNow + std::chrono::seconds(1));
  EXPECT_EQ(told, (std::vector<std::string>{"a2birl2", "a0birl1", "f0essen1", "g0essen1"}));
}

}  // namespace
}  // namespace tsmtp::ledger
