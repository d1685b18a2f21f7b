#include "relayd/ledger/outcomes.h"

#include <gtest/gtest.h>

namespace tsmtp::ledger {
namespace {

using namespace std::chrono_literals;

const std::string kTransaction(16, 't');
const std::string kOther(16, 'u');
const base::WallTime kNow = base::WallTime(1'000'000s);

TEST(Outcomes, FoundUntilForgotten) {
  Outcomes outcomes;
  EXPECT_FALSE(outcomes.find("birl", kTransaction));
  const Change recorded = outcomes.record("birl", kTransaction, "250 2.0.0 ok", kNow);
  EXPECT_EQ(recorded.table, Table::kOutcomes);
  EXPECT_TRUE(recorded.durable);
  EXPECT_EQ(outcomes.find("birl", kTransaction), "250 2.0.0 ok");
  const Change forgotten = outcomes.forget("birl", kTransaction);
  EXPECT_EQ(forgotten.key, recorded.key);
  EXPECT_FALSE(forgotten.value);
  EXPECT_FALSE(forgotten.durable);
  EXPECT_FALSE(outcomes.find("birl", kTransaction));
}

TEST(Outcomes, BelongToTheirSite) {
  Outcomes outcomes;
  const Change birl = outcomes.record("birl", kTransaction, "250 ok", kNow);
  EXPECT_FALSE(outcomes.find("osaka", kTransaction));
  const Change osaka = outcomes.record("osaka", kTransaction, "550 no", kNow);
  EXPECT_NE(birl.key, osaka.key);
  static_cast<void>(outcomes.forget("osaka", kTransaction));
  EXPECT_EQ(outcomes.find("birl", kTransaction), "250 ok");
}

TEST(Outcomes, Restored) {
  Outcomes before;
  const Change first = before.record("birl", kTransaction, "250 ok", kNow);
  const Change second = before.record("birl", kOther, "", kNow);
  Outcomes after;
  EXPECT_TRUE(after.restore({{first.key, *first.value}, {second.key, *second.value}}).empty());
  EXPECT_EQ(after.find("birl", kTransaction), "250 ok");
  EXPECT_EQ(after.find("birl", kOther), "");
}

TEST(Outcomes, UnreadableRowsAreSkippedAndReported) {
  Outcomes before;
  const Change good = before.record("birl", kTransaction, "250 ok", kNow);
  std::string version = *good.value;
  version[0] = 0;
  Outcomes after;
  const auto problems = after.restore({{good.key, version},
                                       {kTransaction, *good.value},
                                       {good.key, "\1"},
                                       {good.key, *good.value + std::string(Outcomes::kMaxReplyBytes, 'x')},
                                       {good.key + std::string(255, 'x'), *good.value}});
  EXPECT_EQ(problems.size(), 5U);
  EXPECT_EQ(after.size(), 0U);
}

TEST(Outcomes, LongRepliesAreCut) {
  Outcomes outcomes;
  const Change recorded = outcomes.record("birl", kTransaction, std::string(10'000, 'x'), kNow);
  EXPECT_EQ(outcomes.find("birl", kTransaction)->size(), Outcomes::kMaxReplyBytes);
  Outcomes after;
  EXPECT_TRUE(after.restore({{recorded.key, *recorded.value}}).empty());
}

TEST(Outcomes, Expire) {
  Outcomes outcomes;
  const Change old = outcomes.record("birl", kTransaction, "250 ok", kNow);
  static_cast<void>(outcomes.record("birl", kOther, "250 ok", kNow + 10s));
  const auto changes = outcomes.expire(kNow + 10s);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(changes[0].key, old.key);
  EXPECT_FALSE(changes[0].value);
  EXPECT_EQ(outcomes.size(), 1U);
}

// A site is its key, on the far side too.
TEST(Outcomes, GoWithTheKeyOfASite) {
  const std::string pin(32, 'P');
  const std::string other(32, 'Q');
  Outcomes outcomes;
  outcomes.set_sites({{"birl", {pin}}});
  const Change recorded = outcomes.record("birl", kTransaction, "250 ok", kNow);
  outcomes.set_sites({{"bonn", {pin}}, {"birl", {other}}});
  EXPECT_EQ(outcomes.find("bonn", kTransaction), "250 ok");
  EXPECT_FALSE(outcomes.find("birl", kTransaction)) << "another hub, by its old name";
  EXPECT_EQ(outcomes.of_site("bonn"), 1U);
  EXPECT_EQ(outcomes.of_site("birl"), 0U);
  Outcomes after;
  after.set_sites({{"bonn", {pin}}, {"birl", {other}}});
  EXPECT_TRUE(after.restore({{recorded.key, *recorded.value}}).empty());
  EXPECT_EQ(after.find("bonn", kTransaction), "250 ok");
  EXPECT_FALSE(after.find("birl", kTransaction));
  EXPECT_EQ(after.forget("bonn", kTransaction).key, recorded.key) << "as it is on disk";
  EXPECT_EQ(after.size(), 0U);
  EXPECT_EQ(after.of_site("bonn"), 0U);
}

// A delivery that was under way when a reload gave its site's name to another hub.
TEST(Outcomes, RecordedForTheKeyThatItCameFrom) {
  const std::string pin(32, 'P');
  Outcomes outcomes;
  outcomes.set_sites({{"bonn", {pin}}, {"birl", {std::string(32, 'Q')}}});
  static_cast<void>(outcomes.record("birl", kTransaction, "250 ok", kNow, pin));
  EXPECT_EQ(outcomes.find("bonn", kTransaction), "250 ok");
  EXPECT_FALSE(outcomes.find("birl", kTransaction));
}

TEST(Outcomes, OfASiteThatIsGoneAreToldToWhoCanNameThem) {
  Outcomes outcomes;
  outcomes.set_sites({{"birl", {std::string(32, 'P')}}});
  static_cast<void>(outcomes.record("birl", kTransaction, "250 ok", kNow));
  outcomes.set_sites({{"osaka", {std::string(32, 'Q')}}});
  EXPECT_EQ(outcomes.find("osaka", kTransaction), "250 ok");
  EXPECT_FALSE(outcomes.find("osaka", kOther));
}

}  // namespace
}  // namespace tsmtp::ledger
