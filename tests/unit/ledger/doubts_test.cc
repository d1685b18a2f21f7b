#include "relayd/ledger/doubts.h"

#include <gtest/gtest.h>

namespace tsmtp::ledger {
namespace {

using namespace std::chrono_literals;

const std::string kDigest(32, 'd');
const std::string kOtherDigest(32, 'e');
const base::WallTime kNow = base::WallTime(1'000'000s);

const std::string kAddress(32, 'x');

std::string transaction(char name) {
  return std::string(16, name);
}

DoubtKey key(char name, std::uint16_t index = 0) {
  return {.transaction = transaction(name), .index = index};
}

/// One recipient with that digest.
std::vector<DoubtfulRecipient> one(const std::string& mail) {
  return {{.index = 0, .mail = mail, .address = kAddress}};
}

/// Three: the second was refused, so there is no doubt about it.
std::vector<DoubtfulRecipient> two_of_three() {
  return {{.index = 0, .mail = kDigest, .address = kAddress},
          {.index = 2, .mail = kOtherDigest, .address = std::string(32, 'y')}};
}

Entry stored(const std::vector<Change>& changes) {
  return {.key = changes.front().key, .value = changes.front().value.value_or("")};
}

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
  EXPECT_EQ(doubts.in_doubt("birl"), 1U);
  EXPECT_EQ(doubts.in_doubt("osaka"), 0U);
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
  version.value[0] = 2;
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
  EXPECT_EQ(doubts.in_doubt("birl"), 1U) << "it is one transaction";

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

TEST(Doubts, AreCountedByUserAndSite) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow, 1000));
  static_cast<void>(doubts.record(transaction('b'), "birl", one(kDigest), kNow, 1001));
  static_cast<void>(doubts.record(transaction('c'), "birl", one(kDigest), kNow));
  EXPECT_EQ(doubts.of_user("birl", 1000), 2U);
  EXPECT_EQ(doubts.of_user("osaka", 1000), 0U);
  static_cast<void>(doubts.settle(key('a', 2)));
  EXPECT_EQ(doubts.of_user("birl", 1000), 1U);
  doubts.mark_in_doubt(transaction('a'));
  static_cast<void>(doubts.expire(kNow + 1s));
  EXPECT_EQ(doubts.of_user("birl", 1000), 0U);
  EXPECT_EQ(doubts.of_user("birl", 1001), 1U);
}

TEST(Doubts, MailsInDoubtAreListedOldestFirst) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow, 1000));
  static_cast<void>(doubts.record(transaction('b'), "osaka", one(kDigest), kNow - 5s));
  static_cast<void>(doubts.record(transaction('c'), "birl", one(kDigest), kNow));
  EXPECT_TRUE(doubts.mails_in_doubt().empty()) << "all are under way";
  doubts.mark_in_doubt(transaction('a'));
  doubts.mark_in_doubt(transaction('b'));
  EXPECT_TRUE(doubts.claim("birl", kOtherDigest));
  const auto mails = doubts.mails_in_doubt();
  ASSERT_EQ(mails.size(), 2U);
  EXPECT_EQ(mails[0].transaction, transaction('b'));
  EXPECT_EQ(mails[0].site, "osaka");
  EXPECT_EQ(mails[0].recorded, kNow - 5s);
  EXPECT_EQ(mails[0].user, Doubts::kNoUser);
  EXPECT_EQ(mails[0].recipients, 1U);
  EXPECT_FALSE(mails[0].is_claimed);
  EXPECT_EQ(mails[1].transaction, transaction('a'));
  EXPECT_EQ(mails[1].user, 1000U);
  EXPECT_EQ(mails[1].recipients, 2U);
  EXPECT_TRUE(mails[1].is_claimed);
}

}  // namespace
}  // namespace tsmtp::ledger
