// Whose a doubt is: of which site, by its key, and of which client; and how many each may have.
#include "relayd/ledger/doubts.h"

#include <gtest/gtest.h>

#include "tests/unit/ledger/sample_doubts.h"

namespace tsmtp::ledger {
namespace {

using namespace std::chrono_literals;

TEST(Doubts, AreCountedByUserAndSite) {
  Doubts doubts;
  static_cast<void>(doubts.record(transaction('a'), "birl", two_of_three(), kNow, 1000));
  static_cast<void>(doubts.record(transaction('b'), "birl", one(kDigest), kNow, 1001));
  static_cast<void>(doubts.record(transaction('c'), "birl", one(kDigest), kNow));
  EXPECT_EQ(doubts.table().of_client("birl", 1000), 2U);
  EXPECT_EQ(doubts.table().of_client("osaka", 1000), 0U);
  static_cast<void>(doubts.settle(key('a', 2)));
  EXPECT_EQ(doubts.table().of_client("birl", 1000), 1U);
  doubts.mark_in_doubt(transaction('a'));
  static_cast<void>(doubts.expire(kNow + 1s));
  EXPECT_EQ(doubts.table().of_client("birl", 1000), 0U);
  EXPECT_EQ(doubts.table().of_client("birl", 1001), 1U);
}

// A site is its key: renamed by a reload, or between two starts, what is in doubt goes with it.
TEST(Doubts, GoWithTheKeyOfASite) {
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin}}, {"osaka", {kOtherPin}}});
  const auto row = stored(doubts.record(transaction('a'), "birl", one(kDigest), kNow));
  doubts.mark_in_doubt(transaction('a'));
  const Owners::Sites renamed{{"bonn", {kPin}}, {"osaka", {kOtherPin}}};
  const Owners::Sites swapped{{"osaka", {kPin}}, {"birl", {kOtherPin}}};
  doubts.set_sites(renamed);
  EXPECT_EQ(mails_of(doubts, "bonn"), 1U);
  EXPECT_EQ(doubts.table().of_site("bonn"), 1U);
  EXPECT_EQ(doubts.table().of_site("birl"), 0U);
  EXPECT_EQ(doubts.next_to_ask("bonn", ""), transaction('a'));
  EXPECT_FALSE(doubts.claim("osaka", kDigest));
  doubts.set_sites(swapped);
  EXPECT_FALSE(doubts.claim("birl", kDigest));
  EXPECT_EQ(doubts.claim("osaka", kDigest), key('a'));
  for (const auto& [sites, owner] : {std::pair(renamed, "bonn"), std::pair(swapped, "osaka")}) {
    Doubts after;
    after.set_sites(sites);
    EXPECT_TRUE(after.restore({row}).empty());
    EXPECT_FALSE(after.claim(owner == std::string("osaka") ? "birl" : "osaka", kDigest));
    EXPECT_EQ(after.claim(owner, kDigest), key('a')) << owner;
  }
}

TEST(Doubts, OfASiteWithAnotherKeyStayWithItsName) {
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin}}});
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow));
  doubts.mark_in_doubt(transaction('a'));
  doubts.set_sites({{"birl", {kOtherPin}}});
  EXPECT_EQ(doubts.claim("birl", kDigest), key('a'));
}

// Nobody can be asked about them, but a second try at whatever site is recognised.
TEST(Doubts, OfASiteThatIsGoneAreFoundByAnybody) {
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin}}, {"osaka", {kOtherPin}}});
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow));
  doubts.mark_in_doubt(transaction('a'));
  doubts.set_sites({{"osaka", {kOtherPin}}});
  EXPECT_EQ(doubts.table().of_site({}), 1U);
  EXPECT_EQ(mails_of(doubts, "osaka"), 0U);
  EXPECT_FALSE(doubts.next_to_ask("osaka", ""));
  EXPECT_EQ(mails_in_doubt(doubts.table())[0].site, "birl");
  EXPECT_EQ(doubts.claim("osaka", kDigest), key('a'));
}

TEST(Doubts, ClientsAreCountedAfterARestartToo) {
  const Client remote(Client::kNoUser, "192.0.2.7");
  Doubts before;
  const auto first = stored(before.record(transaction('a'), "birl", one(kDigest), kNow, 1000));
  const auto second = stored(before.record(transaction('b'), "birl", one(kDigest), kNow, remote));
  Doubts after;
  EXPECT_TRUE(after.restore({first, second}).empty());
  EXPECT_EQ(after.table().of_client("birl", 1000), 1U);
  EXPECT_EQ(after.table().of_client("birl", remote), 1U);
  EXPECT_EQ(after.table().of_client("osaka", 1000), 0U);
  EXPECT_EQ(after.table().of_site("birl"), 2U);
  static_cast<void>(after.settle(transaction('b')));
  EXPECT_EQ(after.table().of_client("birl", remote), 0U);
  EXPECT_EQ(after.table().of_site("birl"), 1U);
}

TEST(Doubts, OnlyKnownOnesGoWhereThereIsNoRoom) {
  Doubts doubts;
  for (const char name : {'a', 'b', 'c'}) {
    static_cast<void>(doubts.record(transaction(name), "birl", one(kDigest), kNow));
    doubts.mark_in_doubt(transaction(name));
  }
  static_cast<void>(doubts.was_delivered(transaction('a'), {}));
  static_cast<void>(doubts.was_delivered(transaction('b'), {}));
  EXPECT_TRUE(doubts.claim("birl", kDigest));  // a
  EXPECT_TRUE(doubts.expire_known("birl", kNow).empty());
  EXPECT_TRUE(doubts.expire_known("osaka", kNow + 1s).empty());
  EXPECT_EQ(doubts.expire_known("birl", kNow + 1s).size(), 1U);
  EXPECT_TRUE(doubts.contains(transaction('a'))) << "it is being tried again";
  EXPECT_FALSE(doubts.contains(transaction('b')));
  EXPECT_TRUE(doubts.contains(transaction('c')));
}

}  // namespace
}  // namespace tsmtp::ledger
