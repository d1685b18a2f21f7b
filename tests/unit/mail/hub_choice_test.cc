#include "relayd/mail/hub_choice.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

using State = HubStanding::State;
using settings::Prefer;

HubStanding hub(State state, std::size_t under_way = 0, std::uint64_t last_given = 0) {
  return {.state = state, .under_way = under_way, .last_given = last_given};
}

TEST(HubChoice, InOrderTheFirstThatTakesMail) {
  EXPECT_EQ(choose_hub({hub(State::kTakesMail, 9), hub(State::kTakesMail)}, Prefer::kOrder), 0U);
  EXPECT_EQ(
      choose_hub({hub(State::kAway), hub(State::kTakesMail, 9), hub(State::kTakesMail)}, Prefer::kOrder), 1U);
}

TEST(HubChoice, SpreadByMailsUnderWayThenByTurns) {
  EXPECT_EQ(choose_hub({hub(State::kTakesMail, 2, 1), hub(State::kTakesMail, 1, 9)}, Prefer::kSpread), 1U);
  EXPECT_EQ(choose_hub({hub(State::kTakesMail, 1, 7), hub(State::kTakesMail, 1, 6), hub(State::kAway)},
                       Prefer::kSpread),
            1U);
}

TEST(HubChoice, OneThatTakesNoMailOnlyIfNoneDoes) {
  for (const State worse : {State::kSlow, State::kInterrupted, State::kRefuses, State::kAway})
    for (const Prefer prefer : {Prefer::kOrder, Prefer::kSpread})
      EXPECT_EQ(choose_hub({hub(worse), hub(State::kTakesMail, 100, 100)}, prefer), 1U);
  EXPECT_EQ(choose_hub({hub(State::kAway), hub(State::kInterrupted), hub(State::kSlow)}, Prefer::kOrder), 2U);
  EXPECT_EQ(choose_hub({hub(State::kAway), hub(State::kAway)}, Prefer::kOrder), 0U);
}

TEST(HubChoice, OneThatOffersLessThanWasAnnouncedIsTheLastChoice) {
  HubStanding less = hub(State::kTakesMail);
  less.offers_enough = false;
  EXPECT_EQ(choose_hub({less, hub(State::kAway)}, Prefer::kOrder), 1U);
}

TEST(HubChoice, WhatBothOffer) {
  const smtp::Extensions one{
      .pipelining = true, .eight_bit_mime = true, .dsn = true, .size = 0, .deliver_by = 10};
  const smtp::Extensions other{
      .pipelining = true, .eight_bit_mime = true, .smtputf8 = true, .size = 1000, .deliver_by = 60};
  const smtp::Extensions both = offered_by_both(one, other);
  EXPECT_EQ(both,
            (smtp::Extensions{.pipelining = true, .eight_bit_mime = true, .size = 1000, .deliver_by = 60}));
  EXPECT_EQ(offered_by_both(other, one), both);
  EXPECT_TRUE(offers_all(one, both));
  EXPECT_TRUE(offers_all(other, both));
  EXPECT_FALSE(offers_all(other, one));
}

TEST(HubChoice, ASizeThatWasAnnouncedIsTaken) {
  EXPECT_TRUE(offers_all({.size = 2000}, {.size = 1000}));
  EXPECT_TRUE(offers_all({.size = 0}, {.size = 1000})) << "no limit";
  EXPECT_TRUE(offers_all({}, {.size = 1000})) << "it names no limit";
  EXPECT_FALSE(offers_all({.size = 500}, {.size = 1000}));
  EXPECT_FALSE(offers_all({.size = 500}, {.size = 0}));
}

}  // namespace
}  // namespace tsmtp::mail
