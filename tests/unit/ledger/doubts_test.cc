#include "relayd/ledger/doubts.h"

#include <gtest/gtest.h>

namespace tsmtp::ledger {
namespace {

using namespace std::chrono_literals;

const std::string kDigest(32, 'd');
const std::string kOtherDigest(32, 'e');
const base::WallTime kNow = base::WallTime(1'000'000s);

std::string transaction(char name) {
  return std::string(16, name);
}

Entry stored(const Change& change) {
  return {.key = change.key, .value = change.value.value_or("")};
}

TEST(Doubts, RecordIsDurableAndSettleErases) {
  Doubts doubts;
  const Change recorded = doubts.record(transaction('a'), "birl", kDigest, kNow);
  EXPECT_EQ(recorded.table, Table::kDoubts);
  EXPECT_EQ(recorded.key, transaction('a'));
  EXPECT_TRUE(recorded.value);
  EXPECT_TRUE(recorded.durable);
  const Change settled = doubts.settle(transaction('a'));
  EXPECT_EQ(settled.key, transaction('a'));
  EXPECT_FALSE(settled.value);
  EXPECT_FALSE(settled.durable);
  EXPECT_EQ(doubts.size(), 0U);
}

TEST(Doubts, EqualMailsUnderWayDoNotMatchEachOther) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", kDigest, kNow));
  EXPECT_FALSE(doubts.claim("birl", kDigest));
  static_cast<void>(doubts.record(transaction('b'), "birl", kDigest, kNow));
  EXPECT_FALSE(doubts.claim("birl", kDigest));
  doubts.mark_in_doubt(transaction('b'));
  EXPECT_EQ(doubts.claim("birl", kDigest), transaction('b'));
  EXPECT_FALSE(doubts.claim("birl", kDigest));
}

TEST(Doubts, ClaimedIsMatchableAgainOnceBackInDoubt) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", kDigest, kNow));
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
    static_cast<void>(doubts.record(transaction(name), "birl", kDigest, kNow));
    doubts.mark_in_doubt(transaction(name));
  }
  EXPECT_EQ(doubts.claim("birl", kDigest), transaction('z'));
  EXPECT_EQ(doubts.claim("birl", kDigest), transaction('a'));
  EXPECT_EQ(doubts.claim("birl", kDigest), transaction('m'));
}

TEST(Doubts, OfAnotherSiteOrMailDoNotMatch) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", kDigest, kNow));
  doubts.mark_in_doubt(transaction('a'));
  EXPECT_FALSE(doubts.claim("osaka", kDigest));
  EXPECT_FALSE(doubts.claim("birl", kOtherDigest));
  EXPECT_EQ(doubts.in_doubt("birl"), 1U);
  EXPECT_EQ(doubts.in_doubt("osaka"), 0U);
}

TEST(Doubts, RestoredAreMatchableOldestFirst) {
  Doubts before;
  const std::vector<Entry> rows{stored(before.record(transaction('a'), "birl", kDigest, kNow + 1s)),
                                stored(before.record(transaction('b'), "birl", kDigest, kNow))};
  Doubts after;
  EXPECT_TRUE(after.restore(rows).empty());
  EXPECT_EQ(after.size(), 2U);
  EXPECT_EQ(after.claim("birl", kDigest), transaction('b'));
  EXPECT_EQ(after.claim("birl", kDigest), transaction('a'));
}

TEST(Doubts, UnreadableRowsAreSkippedAndReported) {
  Doubts before;
  const Entry good = stored(before.record(transaction('a'), "birl", kDigest, kNow));
  Entry version = good;
  version.value[0] = 2;
  const Entry short_key{.key = "short", .value = good.value};
  const Entry no_site{.key = transaction('b'), .value = good.value.substr(0, 9 + 32)};
  const Entry long_site{.key = transaction('c'), .value = good.value + std::string(255, 'x')};
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
  const Entry good = stored(before.record(transaction('a'), "birl", kDigest, kNow));
  for (std::size_t size = 0; size < 9 + 32 + 1; ++size) {
    Doubts after;
    EXPECT_EQ(after.restore({{good.key, good.value.substr(0, size)}}).size(), 1U);
  }
}

TEST(Doubts, ExpiryLeavesWhatIsUnderWayOrClaimed) {
  Doubts doubts;
  for (const char name : {'a', 'b', 'c'})
    static_cast<void>(doubts.record(transaction(name), "birl", kDigest, kNow));
  static_cast<void>(doubts.record(transaction('d'), "birl", kDigest, kNow + 10s));
  doubts.mark_in_doubt(transaction('b'));
  EXPECT_TRUE(doubts.claim("birl", kDigest));
  doubts.mark_in_doubt(transaction('c'));
  doubts.mark_in_doubt(transaction('d'));
  const auto changes = doubts.expire(kNow + 1s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].key, transaction('c'));
  EXPECT_FALSE(changes[0].value);
  EXPECT_EQ(doubts.size(), 3U);
  EXPECT_EQ(doubts.claim("birl", kDigest), transaction('d'));
}

}  // namespace
}  // namespace tsmtp::ledger
