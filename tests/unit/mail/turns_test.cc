// Who begins a mail next while the link is short of Resets: no source, and no newcomer, waits for others'
// second turns.
#include "relayd/mail/turns.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

namespace tsmtp::mail {
namespace {

using Rank = ClientStanding::Rank;

constexpr base::TimePoint kStart{std::chrono::hours(1)};

struct Client {
  std::string source;
  int served = 0;
};

/// Each client asks again and again, the link has one turn at a time, and who has had one comes again.
// Those that look before it when it is among the first few.
constexpr int kOvertaking = 8 * 9;

class Line : public ::testing::Test {
 protected:
  Client& add(const std::string& source) {
    clients_.push_back({source});
    (void)turns.stand_in_line(&clients_.back(), source, Rank::kUnknown);
    return clients_.back();
  }
  /// One turn, for the first that asks: they ask in any order, so in the one that is worst for `last`.
  void serve_one(const Client& last) {
    Client* served = nullptr;
    for (Client& client : clients_)
      if (&client != &last && turns.stand_in_line(&client, client.source, Rank::kUnknown)) served = &client;
    if (served == nullptr) served = const_cast<Client*>(&last);
    ASSERT_TRUE(turns.stand_in_line(served, served->source, Rank::kUnknown));
    turns.leave(served);
    ++served->served;
    (void)turns.stand_in_line(served, served->source, Rank::kUnknown);
  }
  int turns_until_served(const Client& client) {
    int count = 0;
    while (client.served == 0 && count < 10'000) {
      serve_one(client);
      ++count;
    }
    return count;
  }

  Turns turns;

 private:
  std::deque<Client> clients_;
};

TEST_F(Line, ANewcomerWaitsForOneTurnOfEachOther) {
  for (int i = 0; i < 200; ++i)
    add("user 1");
  for (int i = 0; i < 500; ++i)
    serve_one(Client{});
  EXPECT_LE(turns_until_served(add("user 1")), 201 + kOvertaking);
}

TEST_F(Line, ASourceDoesNotWaitForTheManyOfAnother) {
  for (int i = 0; i < 200; ++i)
    add("user 1");
  for (int i = 0; i < 500; ++i)
    serve_one(Client{});
  EXPECT_LE(turns_until_served(add("user 2")), 1 + kOvertaking);
}

TEST_F(Line, EverySourceHasAsManyTurns) {
  std::vector<const Client*> many;
  for (int i = 0; i < 100; ++i)
    many.push_back(&add("user 1"));
  std::vector<const Client*> few;
  for (int i = 0; i < 50; ++i)
    few.push_back(&add("user 2"));
  for (int i = 0; i < 1000; ++i)
    serve_one(Client{});
  int served = 0;
  for (const Client* client : few)
    served += client->served;
  EXPECT_NEAR(served, 500, 20);
}

TEST_F(Line, WhoGoesLeavesNoGap) {
  std::deque<Client> gone;
  for (int i = 0; i < 300; ++i) {
    gone.push_back({"user 1"});
    (void)turns.stand_in_line(&gone.back(), "user 1", Rank::kUnknown);
  }
  Client& last = add("user 2");
  for (const Client& client : gone)
    turns.leave(&client);
  EXPECT_EQ(turns.waiting(), 1U);
  EXPECT_TRUE(turns.stand_in_line(&last, last.source, Rank::kUnknown));
  turns.leave(&last);
  turns.leave(&last);
  EXPECT_EQ(turns.waiting(), 0U);
}

TEST(Turns, AWastefulSourceIsWhatItsNewConnectionsAreTakenFor) {
  Turns turns;
  EXPECT_EQ(turns.rank("user 1", Rank::kUnknown, kStart), Rank::kUnknown);
  for (int i = 0; i < 5; ++i)
    turns.gave_up("user 1", kStart);
  EXPECT_EQ(turns.rank("user 1", Rank::kUnknown, kStart), Rank::kWasteful);
  EXPECT_EQ(turns.rank("user 1", Rank::kProven, kStart), Rank::kProven) << "a connection that is known";
  EXPECT_EQ(turns.rank("user 2", Rank::kUnknown, kStart), Rank::kUnknown) << "another's";
  turns.finished_mail("user 1");
  turns.finished_mail("user 1");
  EXPECT_EQ(turns.rank("user 1", Rank::kUnknown, kStart), Rank::kUnknown) << "it finishes mails too";
}

TEST(Turns, WhatASourceDidIsForgotten) {
  Turns turns;
  for (int i = 0; i < 100'000; ++i)
    turns.gave_up("user 1", kStart);
  EXPECT_EQ(turns.rank("user 1", Rank::kUnknown, kStart + std::chrono::minutes(1)), Rank::kWasteful);
  EXPECT_EQ(turns.rank("user 1", Rank::kUnknown, kStart + std::chrono::minutes(2)), Rank::kUnknown);
}

TEST(Turns, SourcesWithoutNumberAreNotAllRemembered) {
  Turns turns;
  for (int i = 0; i < 100'000; ++i)
    for (int times = 0; times < 4; ++times)
      turns.gave_up("2001:db8::" + std::to_string(i), kStart);
  EXPECT_EQ(turns.rank("2001:db8::5", Rank::kUnknown, kStart), Rank::kWasteful);
  EXPECT_EQ(turns.rank("2001:db8::99999", Rank::kUnknown, kStart), Rank::kUnknown);
  const auto later = kStart + std::chrono::minutes(3);
  for (int times = 0; times < 4; ++times)
    turns.gave_up("user 1", later);
  EXPECT_EQ(turns.rank("user 1", Rank::kUnknown, later), Rank::kWasteful) << "there is room again";
}

TEST(ClientStanding, WhoGivesUpWaitsLongerEachTime) {
  ClientStanding standing;
  for (int i = 0; i < 10; ++i)
    standing.gave_up(kStart);
  EXPECT_LE(standing.not_before(), kStart);
  standing.gave_up(kStart);
  EXPECT_EQ(standing.not_before(), kStart + std::chrono::milliseconds(100));
  for (int i = 0; i < 1000; ++i)
    standing.gave_up(kStart);
  EXPECT_EQ(standing.not_before(), kStart + std::chrono::seconds(3));
}

TEST(ClientStanding, FinishedMailsAreToItsCredit) {
  ClientStanding standing;
  standing.finished_mail();
  EXPECT_EQ(standing.rank(), Rank::kProven);
  standing.gave_up(kStart);
  EXPECT_EQ(standing.rank(), Rank::kUnknown);
  for (int i = 0; i < 2; ++i)
    standing.gave_up(kStart);
  EXPECT_EQ(standing.rank(), Rank::kWasteful);
  for (int i = 0; i < 2; ++i)
    standing.finished_mail();
  EXPECT_EQ(standing.rank(), Rank::kProven);
}

}  // namespace
}  // namespace tsmtp::mail
