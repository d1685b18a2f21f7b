#include "relayd/ledger/doubts.h"

#include <gtest/gtest.h>

#include "tests/unit/ledger/sample_doubts.h"

namespace tsmtp::ledger {
namespace {

using namespace std::chrono_literals;

TEST(Doubts, RecordIsDurableAndSettleErases) {
  Doubts doubts;
  const auto changes = doubts.record(transaction('a'), "birl", one(kDigest), kNow);
  ASSERT_EQ(changes.size(), 1U);
  const Change& recorded = changes.front();
  EXPECT_EQ(recorded.table, Table::kDoubts);
  EXPECT_EQ(recorded.key, transaction('a') + std::string(2, '\0'));
  EXPECT_TRUE(recorded.value);
  EXPECT_TRUE(recorded.durable);
  const auto erased = doubts.settle(transaction('a'));
  ASSERT_EQ(erased.size(), 1U);
  const Change& settled = erased.front();
  EXPECT_EQ(settled.key, recorded.key);
  EXPECT_FALSE(settled.value);
  EXPECT_FALSE(settled.durable);
  EXPECT_EQ(doubts.size(), 0U);
}

TEST(Doubts, SomebodyIsInDoubtFromTheMarkToTheEnd) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow));
  EXPECT_FALSE(doubts.is_anybody_in_doubt("birl"));
  doubts.mark_in_doubt(transaction('a'));
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_TRUE(doubts.is_anybody_in_doubt("birl"));
  EXPECT_FALSE(doubts.is_anybody_in_doubt("osaka"));
  ASSERT_TRUE(doubts.claim("birl", kDigest));
  EXPECT_TRUE(doubts.is_anybody_in_doubt("birl"));
  static_cast<void>(doubts.settle(key('a', 0)));
  EXPECT_TRUE(doubts.is_anybody_in_doubt("birl")) << "the other recipient";
  static_cast<void>(doubts.settle(transaction('a')));
  EXPECT_FALSE(doubts.is_anybody_in_doubt("birl"));
}

TEST(Doubts, EqualMailsUnderWayDoNotMatchEachOther) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow));
  EXPECT_FALSE(doubts.claim("birl", kDigest));
  static_cast<void>(doubts.record(transaction('b'), "birl", one(kDigest), kNow));
  EXPECT_FALSE(doubts.claim("birl", kDigest));
  doubts.mark_in_doubt(transaction('b'));
  EXPECT_EQ(doubts.claim("birl", kDigest), key('b'));
  EXPECT_FALSE(doubts.claim("birl", kDigest));
}

TEST(Doubts, ClaimedIsMatchableAgainOnceBackInDoubt) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow));
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_TRUE(doubts.claim("birl", kDigest));
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_TRUE(doubts.claim("birl", kDigest));
  static_cast<void>(doubts.settle(transaction('a')));
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_FALSE(doubts.claim("birl", kDigest));
}

TEST(Doubts, OldestFirst) {
  Doubts doubts;
  for (const char name : {'z', 'a', 'm'}) {
    static_cast<void>(doubts.record(transaction(name), "birl", one(kDigest), kNow));
    doubts.mark_in_doubt(transaction(name));
  }
  EXPECT_EQ(doubts.claim("birl", kDigest), key('z'));
  EXPECT_EQ(doubts.claim("birl", kDigest), key('a'));
  EXPECT_EQ(doubts.claim("birl", kDigest), key('m'));
}

TEST(Doubts, OfAnotherSiteOrMailDoNotMatch) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow));
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_FALSE(doubts.claim("osaka", kDigest));
  static_cast<void>(doubts.record(transaction('b'), "osaka", one(kDigest), kNow));
  doubts.mark_in_doubt(transaction('b'));
  EXPECT_EQ(doubts.claim("osaka", kDigest)->transaction, transaction('b'));
  doubts.mark_in_doubt(transaction('b'));
  static_cast<void>(doubts.settle(transaction('b')));
  EXPECT_FALSE(doubts.claim("birl", kOtherDigest));
  EXPECT_EQ(mails_of(doubts, "birl"), 1U);
  EXPECT_EQ(mails_of(doubts, "osaka"), 0U);
}

TEST(Doubts, RestoredAreMatchableOldestFirst) {
  Doubts before;
  const std::vector<Entry> rows{stored(before.record(transaction('a'), "birl", one(kDigest), kNow + 1s)),
                                stored(before.record(transaction('b'), "birl", one(kDigest), kNow))};
  Doubts after;
  EXPECT_TRUE(after.restore(rows).empty());
  EXPECT_EQ(after.size(), 2U);
  EXPECT_EQ(after.claim("birl", kDigest), key('b'));
  EXPECT_EQ(after.claim("birl", kDigest), key('a'));
}

TEST(Doubts, UnreadableRowsAreSkippedAndReported) {
  Doubts before;
  const Entry good = stored(before.record(transaction('a'), "birl", one(kDigest), kNow));
  Entry version = good;
  version.value[0] = 3;
  const Entry short_key{.key = "short", .value = good.value};
  const Entry no_site{.key = good.key, .value = good.value.substr(0, 9 + 64)};
  const Entry long_site{.key = good.key, .value = good.value + std::string(255, 'x')};
  Entry time = good;
  time.value.replace(1, 8, std::string(8, '\xff'));
  Doubts after;
  const auto problems = after.restore({version, short_key, no_site, long_site, time, {"", ""}, good});
  EXPECT_EQ(problems.size(), 6U);
  EXPECT_EQ(problems[1], "skipped a row of the table of doubts that cannot be read, key 73686f7274");
  EXPECT_EQ(after.size(), 1U);
}

TEST(Doubts, RowsCutAnywhereAreHarmless) {
  Doubts before;
  const Entry good = stored(before.record(transaction('a'), "birl", one(kDigest), kNow));
  for (std::size_t size = 0; size < 9 + 64 + 1; ++size) {
    Doubts after;
    EXPECT_EQ(after.restore({{good.key, good.value.substr(0, size)}}).size(), 1U);
  }
}

TEST(Doubts, ExpiryLeavesWhatIsUnderWayOrClaimed) {
  Doubts doubts;
  for (const char name : {'a', 'b', 'c'})
    static_cast<void>(doubts.record(transaction(name), "birl", one(kDigest), kNow));
  static_cast<void>(doubts.record(transaction('d'), "birl", one(kDigest), kNow + 10s));
  doubts.mark_in_doubt(transaction('b'));
  EXPECT_TRUE(doubts.claim("birl", kDigest));
  doubts.mark_in_doubt(transaction('c'));
  doubts.mark_in_doubt(transaction('d'));
  const auto changes = doubts.expire(kNow + 1s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].key, transaction('c') + std::string(2, '\0'));
  EXPECT_FALSE(changes[0].value);
  EXPECT_EQ(doubts.size(), 3U);
  EXPECT_EQ(doubts.claim("birl", kDigest), key('d'));
}

TEST(Doubts, AreKeptRecipientByRecipient) {
  Doubts doubts;
  EXPECT_EQ(doubts.record(transaction('a'), "birl", two_of_three(), kNow).size(), 2U);
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_EQ(doubts.claim("birl", kOtherDigest), key('a', 2));
  EXPECT_FALSE(doubts.claim("birl", kOtherDigest));
  EXPECT_EQ(doubts.claim("birl", kDigest), key('a', 0)) << "claiming one leaves the others";
  doubts.mark_in_doubt(key('a', 2));
  EXPECT_EQ(doubts.claim("birl", kOtherDigest), key('a', 2));
  EXPECT_EQ(mails_of(doubts, "birl"), 1U) << "it is one transaction";

  EXPECT_EQ(doubts.settle(key('a', 2)).key, transaction('a') + std::string("\0\2", 2));
  EXPECT_TRUE(doubts.contains(transaction('a')));
  static_cast<void>(doubts.settle(key('a', 0)));
  EXPECT_FALSE(doubts.contains(transaction('a')));
  EXPECT_EQ(doubts.size(), 0U);
}

TEST(Doubts, KnowInWhichTransactionsAnAddressIsInDoubt) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow));
  static_cast<void>(doubts.record(transaction('b'), "birl", one(kOtherDigest), kNow));
  EXPECT_TRUE(doubts.transactions_with("birl", kAddress).empty()) << "under way is not in doubt";
  doubts.mark_in_doubt(transaction('a'));
  doubts.mark_in_doubt(transaction('b'));
  const std::set<std::string> both{transaction('a'), transaction('b')};
  EXPECT_EQ(doubts.transactions_with("birl", kAddress), both);
  EXPECT_EQ(doubts.transactions_with("birl", std::string(32, 'y')), std::set{transaction('a')});
  EXPECT_TRUE(doubts.transactions_with("osaka", kAddress).empty());
  EXPECT_TRUE(doubts.claim("birl", kDigest));
  EXPECT_EQ(doubts.transactions_with("birl", kAddress), both) << "claimed is";
  static_cast<void>(doubts.settle(transaction('a')));
  EXPECT_EQ(doubts.transactions_with("birl", kAddress), std::set{transaction('b')});
}

// An other mail of that sender to that recipient is no second try.
TEST(Doubts, HoldOthersUpOnlyOnceASecondTryCameWithOthers) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow));
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_TRUE(doubts.transactions_to_split("birl", kAddress).empty());
  doubts.must_go_alone(key('a'));
  doubts.must_go_alone(key('b'));  // is not here
  EXPECT_EQ(doubts.transactions_to_split("birl", kAddress), std::set{transaction('a')});
  EXPECT_TRUE(doubts.transactions_to_split("osaka", kAddress).empty());
  static_cast<void>(doubts.settle(transaction('a')));
  EXPECT_TRUE(doubts.transactions_to_split("birl", kAddress).empty());
}

// What the far side has said was delivered is in doubt no more, and still answers for a second try.
TEST(Doubts, DeliveredStaysMatchable) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow));
  EXPECT_FALSE(doubts.next_to_ask("birl", "")) << "under way";
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_EQ(doubts.next_to_ask("birl", ""), transaction('a'));
  EXPECT_FALSE(doubts.next_to_ask("birl", transaction('a')));
  EXPECT_FALSE(doubts.next_to_ask("osaka", ""));
  EXPECT_FALSE(doubts.next_to_ask("birl", "", kNow)) << "too young";
  EXPECT_TRUE(doubts.next_to_ask("birl", "", kNow + 1s));
  EXPECT_FALSE(doubts.next_to_ask("birl", "", kNow - 1min, kNow));
  EXPECT_TRUE(doubts.next_to_ask("birl", "", kNow - 1min, kNow - 1s)) << "by a clock that was set back";
  EXPECT_EQ(mails_of(doubts, "birl"), 1U);

  const auto changes = doubts.was_delivered(transaction('a'), {1, 2});
  ASSERT_EQ(changes.size(), 1U) << "the third had been refused";
  EXPECT_EQ(changes[0].key, transaction('a') + std::string("\0\2", 2));
  EXPECT_FALSE(changes[0].value);
  EXPECT_EQ(mails_of(doubts, "birl"), 0U);
  EXPECT_FALSE(doubts.next_to_ask("birl", ""));
  ASSERT_EQ(mails_in_doubt(doubts.table()).size(), 1U);
  EXPECT_TRUE(mails_in_doubt(doubts.table())[0].is_known);
  EXPECT_EQ(doubts.claim("birl", kDigest), key('a'));
  EXPECT_FALSE(doubts.claim("birl", kOtherDigest));
  doubts.mark_in_doubt(key('a'));
  EXPECT_EQ(doubts.claim("birl", kDigest), key('a')) << "and again";
}

TEST(Doubts, NotDeliveredIsForgottenUnlessItIsBeingTriedAgain) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow));
  EXPECT_TRUE(doubts.was_not_delivered(transaction('a')).empty()) << "under way";
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_TRUE(doubts.claim("birl", kDigest));
  EXPECT_EQ(doubts.was_not_delivered(transaction('a')).size(), 1U);
  EXPECT_TRUE(doubts.contains(transaction('a'))) << "who claimed it asks for himself";
  doubts.mark_in_doubt(key('a'));
  EXPECT_EQ(doubts.was_not_delivered(transaction('a')).size(), 1U);
  EXPECT_FALSE(doubts.contains(transaction('a')));
}

TEST(Doubts, AnswerToWhatIsNotThere) {
  Doubts doubts;
  EXPECT_TRUE(doubts.was_delivered(transaction('a'), {}).empty());
  EXPECT_TRUE(doubts.was_not_delivered(transaction('a')).empty());
}

// A second try that was mixed with others holds them up until its MTA must have come again, and no longer.
TEST(Doubts, GoesAloneForATime) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow));
  doubts.mark_in_doubt(transaction('a'));
  doubts.must_go_alone(key('a'), kNow + 12h);
  EXPECT_EQ(doubts.transactions_to_split("birl", kAddress, kNow), std::set{transaction('a')});
  EXPECT_TRUE(doubts.transactions_to_split("birl", kAddress, kNow + 12h).empty());
}

// Rows of the version before are read; the one before that could not name its client, nor its key.
TEST(Doubts, RowsOfVersionOneAreRead) {
  std::string value("\1", 1);
  value += std::string(8, '\0') + kDigest + kAddress + "birl";
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin}}});
  EXPECT_TRUE(doubts.restore({{transaction('a') + std::string(2, '\0'), value}}).empty());
  EXPECT_EQ(doubts.claim("birl", kDigest), key('a'));
  EXPECT_FALSE(mails_in_doubt(doubts.table())[0].client.is_known());
}

}  // namespace
}  // namespace tsmtp::ledger
