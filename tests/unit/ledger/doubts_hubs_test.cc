// Which hub of a site had a doubt, and that it is still known after a restart.
#include <gtest/gtest.h>

#include "relayd/ledger/doubts.h"
#include "tests/unit/ledger/sample_doubts.h"

namespace tsmtp::ledger {
namespace {

const DoubtPlace kMail2{.pin = kOtherPin, .hub = "mail2", .is_shared = false};

TEST(DoubtsOfHubs, AreKnownByTheHubThatHadThem) {
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin, kOtherPin}}});
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow, {}, kMail2));
  EXPECT_EQ(doubts.place_of(transaction('a')), kMail2);
  EXPECT_EQ(doubts.place_of(transaction('b')), std::nullopt);
  static_cast<void>(doubts.record(transaction('b'), "birl", one(kOtherDigest), kNow));
  EXPECT_EQ(doubts.place_of(transaction('b')), (DoubtPlace{.pin = kPin})) << "the first key";
}

TEST(DoubtsOfHubs, OutliveARestart) {
  for (const bool is_shared : {false, true})
    for (const char* hub : {"", "mail2"}) {
      const DoubtPlace place{.pin = kOtherPin, .hub = hub, .is_shared = is_shared};
      Doubts before;
      before.set_sites({{"birl", {kPin, kOtherPin}}});
      const auto row =
          stored(before.record(transaction('a'), "birl", one(kDigest), kNow, Client(1000), place));
      Doubts after;
      EXPECT_TRUE(after.restore({row}).empty());
      after.set_sites({{"birl", {kPin, kOtherPin}}});
      EXPECT_EQ(after.place_of(transaction('a')), place);
      EXPECT_EQ(after.table().of_client("birl", Client(1000)), 1U);
      EXPECT_EQ(mails_in_doubt(after.table()).front().far_hub, hub);
    }
}

// Else it would be asked for at whichever hub is the only one later.
TEST(DoubtsOfHubs, OfTheOnlyHubStayItsOwnWhenThereAreSeveral) {
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin}}});
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow, Client(1000), {.pin = kPin}));
  doubts.mark_in_doubt(transaction('a'));
  doubts.set_sites({{"birl", {kPin, kOtherPin}}});
  const auto changes = doubts.name_hubs("birl", {{kPin, "mail1"}, {kOtherPin, "mail2"}});
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_EQ(doubts.place_of(transaction('a'))->hub, "mail1");
  EXPECT_TRUE(doubts.name_hubs("birl", {{kPin, "mail1"}, {kOtherPin, "mail2"}}).empty()) << "once";
  Doubts after;
  after.set_sites({{"birl", {kOtherPin}}});
  EXPECT_TRUE(after.restore({stored(changes)}).empty());
  EXPECT_EQ(after.place_of(transaction('a')), (DoubtPlace{.pin = kPin, .hub = "mail1"}));
  EXPECT_EQ(after.table().of_client("birl", Client(1000)), 1U);
}

// It can still be read by a relayd that knows of one hub only.
TEST(DoubtsOfHubs, WithOneHubTheRowIsAsItWas) {
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin}}});
  const auto row = stored(doubts.record(transaction('a'), "birl", one(kDigest), kNow, {}, {.pin = kPin}));
  EXPECT_EQ(row.value.front(), 2);
}

TEST(DoubtsOfHubs, ARowThatIsCutShortIsSkipped) {
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin, kOtherPin}}});
  const auto row = stored(doubts.record(transaction('a'), "birl", one(kDigest), kNow, {}, kMail2));
  for (std::size_t size = 0; size + 4 < row.value.size(); ++size) {
    Doubts after;
    EXPECT_EQ(after.restore({{.key = row.key, .value = row.value.substr(0, size)}}).size(), 1U) << size;
  }
}

TEST(DoubtsOfHubs, AHubIsAskedAboutItsOwn) {
  Doubts doubts;
  doubts.set_sites({{"birl", {kPin, kOtherPin}}});
  static_cast<void>(doubts.record(transaction('a'), "birl", one(kDigest), kNow, {}, {.pin = kPin}));
  static_cast<void>(doubts.record(transaction('b'), "birl", one(kDigest), kNow, {}, kMail2));
  doubts.mark_in_doubt(transaction('a'));
  doubts.mark_in_doubt(transaction('b'));
  const auto next = [&](const std::string& pin) {
    return doubts.next_to_ask("birl", "", base::WallTime::max(), base::WallTime::max(),
                              [pin](const DoubtPlace& place) { return place.pin == pin; });
  };
  EXPECT_EQ(next(kPin), transaction('a'));
  EXPECT_EQ(next(kOtherPin), transaction('b'));
  EXPECT_EQ(next(std::string(32, 'R')), std::nullopt);
}

}  // namespace
}  // namespace tsmtp::ledger
