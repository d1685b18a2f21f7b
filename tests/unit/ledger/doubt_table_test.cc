#include "relayd/ledger/doubt_table.h"

#include <gtest/gtest.h>

#include "tests/unit/ledger/sample_doubts.h"

namespace tsmtp::ledger {
namespace {

Doubt of_birl(const std::string& mail) {
  return {.site = "birl",
          .row = {.mail = mail, .address = kAddress, .client = 1000, .site = "birl", .recorded = kNow}};
}

TEST(DoubtTable, CountsFollowWhatChanges) {
  DoubtTable table;
  table.insert(key('a'), of_birl(kDigest));
  table.insert(key('a', 1), of_birl(kOtherDigest));
  EXPECT_EQ(table.of_site("birl"), 2U);
  EXPECT_EQ(table.of_client("birl", 1000), 2U);
  EXPECT_FALSE(table.has_matchable_of("birl")) << "both are under way";

  table.change(table.find(key('a')), [](Doubt& changed) {
    changed.site = "bonn";
    changed.state = Doubt::State::kMatchable;
  });
  EXPECT_EQ(table.of_site("birl"), 1U);
  EXPECT_EQ(table.of_site("bonn"), 1U);
  EXPECT_EQ(table.of_client("bonn", 1000), 1U);
  EXPECT_TRUE(table.has_matchable_of("bonn"));

  (void)table.erase(table.find(key('a')));
  EXPECT_EQ(table.of_site("bonn"), 0U);
  EXPECT_FALSE(table.has_matchable_of("bonn"));
  EXPECT_EQ(table.size(), 1U);
}

TEST(DoubtTable, OneIsFoundByItsTransactionAndByItsDigestsUntilItIsErased) {
  DoubtTable table;
  table.insert(key('b'), of_birl(kDigest));
  table.insert(key('a'), of_birl(kDigest));
  table.insert(key('a'), of_birl(kOtherDigest));
  EXPECT_TRUE(table.with_mail(kOtherDigest).empty()) << "one of that key was here";
  ASSERT_FALSE(table.with_mail(kDigest).empty());
  EXPECT_EQ(table.with_mail(kDigest).begin()->second->first, key('b')) << "the oldest";
  EXPECT_EQ(table.behind(transaction('a'))->first, key('b'));
  EXPECT_TRUE(table.of_transaction(transaction('c')).empty());

  const auto behind = table.erase(table.find(key('a')));
  EXPECT_EQ(behind->first, key('b'));
  (void)table.erase(behind);
  EXPECT_TRUE(table.with_mail(kDigest).empty());
  EXPECT_TRUE(table.with_address(kAddress).empty());
}

}  // namespace
}  // namespace tsmtp::ledger
