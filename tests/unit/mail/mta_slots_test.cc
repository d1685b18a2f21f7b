// Who gets which connection, with an MTA of the test's own, in virtual time (slots_site.h).
#include "relayd/mail/mta_slots.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mail/slots_site.h"

namespace tsmtp::mail {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(Slots, AConnectionIsUsedAgain) {
  site_.mail_time = milliseconds(5);
  for (int i = 0; i < 10; ++i) {
    site_.request();
    run(milliseconds(20));
  }
  EXPECT_EQ(site_.mails, 10);
  EXPECT_EQ(site_.connects, 1);
  run(seconds(21));
  EXPECT_EQ(site_.slots.counts().all(), 0U);
}

// Exim's default. As many mails as by its twenty connections directly, and nobody notices.
TEST_F(Slots, AnMtaThatTakesTwentyAtOnce) {
  mta_.limit = 20;
  site_.mail_time = milliseconds(100);
  site_.comes_again = true;
  site_.slots.probe(now_);
  run(milliseconds(200));
  for (int i = 0; i < 25; ++i)
    site_.request();
  run(seconds(30));
  EXPECT_GT(site_.mails, 20 * 10 * 30 * 9 / 10);
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  EXPECT_THAT(site_.told, testing::ElementsAre("")) << "reachable all the time";
  EXPECT_LT(mta_.refusals, 60);
  EXPECT_GE(site_.slots.counts().learnt.value_or(0), 18U);
}

// Connections that have carried mails_per_connection close all the time, and the MTA counts them a moment
// longer. A refusal of one more that is tried just then says nothing, and is no reason to try the next at
// once.
TEST_F(Slots, AnMtaWhoseConnectionsCloseIsNotAskedAgainAndAgain) {
  for (int mail_time = 10; mail_time < 40; ++mail_time) {
    SlotsMta mta;
    mta.limit = 4;
    SlotsSite site(mta, now_, settings_);
    site.mail_time = milliseconds(mail_time);
    site.comes_again = true;
    for (int i = 0; i < 10; ++i)
      site.request();
    for (const auto end = now_ + seconds(60); now_ <= end; now_ += milliseconds(1))
      site.step();
    EXPECT_THAT(site.refused, testing::IsEmpty());
    EXPECT_GT(site.mails, 60'000 / mail_time * 4 * 8 / 10);
    EXPECT_LT(mta.refusals, 2 * site.connects / 3) << "of mails of " << mail_time << " ms";
  }
}

TEST_F(Slots, ALimitThatIsRaisedIsFound) {
  mta_.limit = 2;
  site_.mail_time = milliseconds(100);
  site_.comes_again = true;
  for (int i = 0; i < 25; ++i)
    site_.request();
  run(seconds(10));
  EXPECT_LE(site_.slots.counts().serving(), 2U);
  mta_.limit = 20;
  run(seconds(90));
  EXPECT_GE(site_.slots.counts().serving(), 15U);
}

TEST_F(Slots, FirstComeFirstServed) {
  mta_.limit = 1;
  const auto first = site_.request();
  run(milliseconds(500));
  ASSERT_TRUE(site_.lent.contains(first));
  const auto second = site_.request();
  const auto third = site_.request();
  run(milliseconds(500));
  site_.give_back(site_.lent[first]);
  run(milliseconds(50));
  EXPECT_TRUE(site_.lent.contains(second));
  EXPECT_FALSE(site_.lent.contains(third));
}

TEST_F(Slots, AWaitIsBounded) {
  mta_.limit = 1;
  site_.request();
  run(milliseconds(100));
  site_.request();
  run(seconds(89));
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  run(seconds(2));
  ASSERT_EQ(site_.refused.size(), 1U);
  EXPECT_THAT(site_.refused[0], StartsWith("no connection came free within 90 s, all 1 are in use"));
  EXPECT_THAT(site_.refused[0], HasSubstr("421 too many connections"));
  EXPECT_TRUE(is_reachable());
}

TEST_F(Slots, NeverMoreThanConfigured) {
  MtaSlots::Settings settings = settings_;
  settings.use.connections = 5;
  site_.slots.update(settings, false, now_);
  for (int i = 0; i < 2'000; ++i) {
    const auto request = site_.request("mx" + std::to_string(i % 7) + ".example");
    if (i % 2 == 0) run(milliseconds(2));
    site_.slots.withdraw(request);
  }
  EXPECT_LE(site_.most_connections, 5U);
  EXPECT_LE(mta_.most, 6U);
}

// An idle connection under another name gives way, and one of many clients does not starve the other.
TEST_F(Slots, AnotherNameFindsRoom) {
  mta_.limit = 2;
  site_.mail_time = milliseconds(10);
  site_.request("one.example");
  run(milliseconds(5));
  site_.request("two.example");
  run(milliseconds(500));
  site_.request("three.example");
  run(seconds(1));
  EXPECT_EQ(site_.mails, 3);
  site_.comes_again = true;
  for (int i = 0; i < 10; ++i)
    site_.request();
  run(seconds(1));
  const int before = static_cast<int>(site_.names.size());
  const auto other = site_.request("four.example");
  site_.comes_again = true;
  bool served = false;
  for (int i = 0; i < 5'000 && !served; ++i) {
    run(milliseconds(1));
    served = site_.lent.contains(other);
  }
  EXPECT_TRUE(served);
  EXPECT_LT(static_cast<int>(site_.names.size()), before + 10) << "not by a storm of connections";
}

TEST_F(Slots, ARefusedNameIsItsClientsTrouble) {
  mta_.refused_names = {"my_host"};
  site_.mail_time = milliseconds(10);
  site_.slots.probe(now_);
  for (int i = 0; i < 20; ++i) {
    site_.request("my_host");
    site_.request("mx.example");
    run(milliseconds(100));
  }
  EXPECT_EQ(site_.mails, 40);
  EXPECT_THAT(site_.told, testing::ElementsAre(""));
  ASSERT_EQ(site_.notes.size(), 1U);
  EXPECT_THAT(site_.notes[0], HasSubstr("my_host"));
  EXPECT_THAT(site_.notes[0], HasSubstr("handed over as birl"));
}

TEST_F(Slots, OurOwnNameRefusedIsTheMtasWord) {
  mta_.refused_names = {"birl"};
  site_.slots.probe(now_);
  run(milliseconds(100));
  EXPECT_THAT(site_.told, testing::ElementsAre("501 bad name, 127.0.0.1:25"));
}

TEST_F(Slots, AnMtaThatIsAwayIsKnownAtOnceAndFoundAgain) {
  site_.mail_time = milliseconds(10);
  site_.slots.probe(now_);
  run(seconds(1));
  EXPECT_TRUE(is_reachable());
  mta_.is_away = true;
  site_.request();
  run(milliseconds(50));
  EXPECT_THAT(site_.told, testing::ElementsAre("", "Connection refused, 127.0.0.1:25"));
  EXPECT_EQ(site_.refused.size(), 1U);
  run(seconds(60));
  mta_.is_away = false;
  run(seconds(11));
  EXPECT_TRUE(is_reachable());
}

TEST_F(Slots, WordsOfAnMtaThatServesNobody) {
  for (const std::string greeting : {"421 shutting down", "554 no service here"}) {
    mta_.greeting = greeting;
    SlotsSite site(mta_, now_, settings_);
    for (int i = 0; i < 5; ++i)
      site.request();
    for (int i = 0; i < 1'000; ++i, now_ += milliseconds(1))
      site.step();
    ASSERT_TRUE(site.slots.mta());
    EXPECT_FALSE(site.slots.mta()->reachable);
    EXPECT_EQ(site.slots.mta()->cause, greeting + ", 127.0.0.1:25");
    EXPECT_EQ(site.refused.size(), 5U);
  }
}

TEST_F(Slots, NoGreeting) {
  mta_.hangs = true;
  site_.slots.probe(now_);
  for (int i = 0; i < 3; ++i)
    site_.request();
  run(seconds(91));
  EXPECT_EQ(site_.refused.size(), 3U);
  run(seconds(31));
  EXPECT_THAT(site_.told, testing::ElementsAre("no greeting, 127.0.0.1:25"));
}

TEST_F(Slots, AllConnectionsLost) {
  mta_.limit = 3;
  site_.mail_time = milliseconds(100);
  site_.comes_again = true;
  for (int i = 0; i < 6; ++i)
    site_.request();
  run(seconds(2));
  mta_.is_away = true;
  site_.lose_all();
  run(seconds(1));
  EXPECT_FALSE(is_reachable());
}

// Descriptors: nothing is said of the MTA, those who wait are told the cause, and it heals.
TEST_F(Slots, NothingLeftHere) {
  site_.slots.probe(now_);
  run(seconds(1));
  site_.none_here = true;
  site_.request();
  run(seconds(9));
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  run(seconds(3));
  EXPECT_THAT(site_.refused, testing::ElementsAre("Too many open files"));
  EXPECT_THAT(site_.told, testing::ElementsAre(""));
  site_.none_here = false;
  site_.mail_time = milliseconds(1);
  site_.request();
  run(seconds(3));
  EXPECT_EQ(site_.mails, 1);
}

TEST_F(Slots, OthersAreUsedWhereOneMoreCannotBeMadeHere) {
  const auto first = site_.request();
  run(milliseconds(10));
  site_.none_here = true;
  const auto second = site_.request();
  run(seconds(20));
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  site_.give_back(site_.lent[first]);
  run(milliseconds(10));
  EXPECT_TRUE(site_.lent.contains(second));
}

// Exim counts all sites together.
TEST_F(Slots, IdleConnectionsOfAnotherSiteGiveWay) {
  mta_.limit = 4;
  site_.neighbour = &neighbour_;
  neighbour_.neighbour = &site_;
  neighbour_.mail_time = milliseconds(10);
  for (int i = 0; i < 4; ++i)
    neighbour_.request();
  run(milliseconds(100));
  EXPECT_EQ(neighbour_.slots.counts().connections.idle, 4U);
  site_.mail_time = milliseconds(10);
  site_.request();
  run(seconds(1));
  EXPECT_EQ(site_.mails, 1);
  EXPECT_THAT(site_.told, testing::ElementsAre(""));
}

TEST_F(Slots, BusySitesShareWhatTheMtaTakes) {
  mta_.limit = 6;
  site_.neighbour = &neighbour_;
  neighbour_.neighbour = &site_;
  site_.comes_again = neighbour_.comes_again = true;
  site_.mail_time = neighbour_.mail_time = milliseconds(100);
  for (int i = 0; i < 20; ++i)
    neighbour_.request();
  run(seconds(3));
  for (int i = 0; i < 20; ++i)
    site_.request();
  run(seconds(60));
  EXPECT_GT(site_.mails, 60 * 10 * 6 / 4);
  EXPECT_GT(neighbour_.mails, 60 * 10 * 6 / 4);
  EXPECT_GT(site_.mails + neighbour_.mails, 60 * 10 * 6 * 8 / 10);
  EXPECT_THAT(site_.refused, testing::IsEmpty());
  EXPECT_THAT(site_.told, testing::ElementsAre(""));
}

TEST_F(Slots, ANewMtaIsAskedAndOldConnectionsGo) {
  site_.mail_time = milliseconds(10);
  site_.request();
  run(milliseconds(100));
  EXPECT_EQ(site_.slots.counts().connections.idle, 1U);
  site_.slots.update(settings_, true, now_);
  EXPECT_FALSE(site_.slots.mta());
  run(milliseconds(100));
  EXPECT_TRUE(is_reachable());
  EXPECT_EQ(site_.slots.counts().all(), 0U);
}

}  // namespace
}  // namespace tsmtp::mail
