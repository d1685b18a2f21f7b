#include "relayd/ledger/mail_in_doubt.h"

#include <gtest/gtest.h>

#include "tests/unit/ledger/sample_doubts.h"

namespace tsmtp::ledger {
namespace {

using namespace std::chrono_literals;

TEST(MailInDoubt, OfEachSiteTheOldestIsKnown) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow));
  static_cast<void>(doubts.record(transaction('b'), "birl", one(kDigest), kNow - 2h));
  static_cast<void>(doubts.record(transaction('c'), "osaka", one(kDigest), kNow - 3h));
  doubts.mark_in_doubt(transaction('a'));
  doubts.mark_in_doubt(transaction('b'));
  const auto sites = sites_in_doubt(doubts.table());
  ASSERT_EQ(sites.size(), 1U) << "that of osaka is under way";
  EXPECT_EQ(sites.at("birl").mails, 2U);
  EXPECT_EQ(sites.at("birl").oldest, kNow - 2h);
}

TEST(MailInDoubt, TheOldestIsListedFirst) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow, 1000));
  static_cast<void>(doubts.record(transaction('b'), "osaka", one(kDigest), kNow - 5s));
  static_cast<void>(doubts.record(transaction('c'), "birl", one(kDigest), kNow));
  EXPECT_TRUE(mails_in_doubt(doubts.table()).empty()) << "all are under way";
  doubts.mark_in_doubt(transaction('a'));
  doubts.mark_in_doubt(transaction('b'));
  EXPECT_TRUE(doubts.claim("birl", kOtherDigest));
  const auto mails = mails_in_doubt(doubts.table());
  ASSERT_EQ(mails.size(), 2U);
  EXPECT_EQ(mails[0].transaction, transaction('b'));
  EXPECT_EQ(mails[0].site, "osaka");
  EXPECT_EQ(mails[0].recorded, kNow - 5s);
  EXPECT_EQ(mails[0].client.user, Doubts::kNoUser);
  EXPECT_EQ(mails[0].recipients, 1U);
  EXPECT_FALSE(mails[0].is_claimed);
  EXPECT_EQ(mails[1].transaction, transaction('a'));
  EXPECT_EQ(mails[1].client.user, 1000U);
  EXPECT_EQ(mails[1].recipients, 2U);
  EXPECT_TRUE(mails[1].is_claimed);
}

}  // namespace
}  // namespace tsmtp::ledger
