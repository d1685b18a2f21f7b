// What is remembered of mails that are over: the newest, within bounds, and how it is told.
#include "relayd/mail/recent_mails.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr base::WallTime kWall{std::chrono::hours(1000)};

Summary mail_of(char id) {
  Summary summary;
  summary.site = "birl";
  summary.transaction = std::string(kTransactionIdBytes, id);
  summary.recipients = {{.address = "b@birl.example", .reply = {.code = 250, .lines = {"ok"}}}};
  return summary;
}

std::vector<char> ids(const std::vector<TracedMail>& mails) {
  std::vector<char> out;
  for (const TracedMail& mail : mails)
    out.push_back(mail.summary.transaction.front());
  return out;
}

const auto kAll = [](const Summary&) { return true; };

TEST(RecentMails, TheNewestAreFoundOldestFirst) {
  RecentMails recent;
  for (const char id : {'a', 'b', 'c'})
    recent.add(mail_of(id), {}, kWall);
  EXPECT_THAT(ids(recent.find(kAll, 2)), ElementsAre('b', 'c'));
  EXPECT_THAT(ids(recent.find([](const Summary& one) { return one.transaction.front() == 'a'; }, 2)),
              ElementsAre('a'));
  EXPECT_THAT(recent.find([](const Summary&) { return false; }, 2), IsEmpty());
}

TEST(RecentMails, ATransactionIsFoundAsItWasLast) {
  RecentMails recent(5'000);
  Summary again = mail_of('a');
  again.sender = "second";
  recent.add(mail_of('a'), {}, kWall);
  recent.add(again, {}, kWall);
  ASSERT_NE(recent.find(again.transaction), nullptr);
  EXPECT_EQ(recent.find(again.transaction)->summary.sender, "second");
  EXPECT_EQ(recent.find(mail_of('b').transaction), nullptr);
  for (int i = 0; i < 100; ++i)
    recent.add(mail_of('c'), {}, kWall);
  EXPECT_EQ(recent.find(again.transaction), nullptr) << "it went with its room";
  EXPECT_NE(recent.find(mail_of('c').transaction), nullptr);
}

// P6
TEST(RecentMails, TheOldestGoWhenThereIsNoMoreRoom) {
  RecentMails recent(10'000);
  Summary large = mail_of('x');
  large.recipients.assign(1000, {.address = "b@birl.example", .reply = {}});
  for (int i = 0; i < 200; ++i)
    recent.add(mail_of('a'), {}, kWall);
  EXPECT_LE(recent.bytes(), 10'000U);
  EXPECT_GT(recent.find(kAll, 1000).size(), 5U);
  recent.add(large, {}, kWall);
  EXPECT_LE(recent.bytes(), 10'000U);
  EXPECT_EQ(recent.find(kAll, 1).front().summary.recipients.size(), RecentMails::kMaxRecipients);
  Summary too_large = mail_of('y');
  too_large.sender.assign(20'000, 'x');
  recent.add(too_large, {}, kWall);
  EXPECT_THAT(recent.find(kAll, 1000), IsEmpty());
  EXPECT_EQ(recent.bytes(), 0U);
}

TEST(RecentMails, StagesAreToldSinceTheBegin) {
  Summary summary = mail_of('a');
  summary.reply = {.code = 250, .lines = {"2.0.0 ok"}};
  const base::TimePoint begun{milliseconds(5000)};
  summary.stages.reached(Stage::kBegun, begun);
  summary.stages.reached(Stage::kEndOfContent, begun + milliseconds(30));
  summary.stages.reached(Stage::kEndOfContent, begun + milliseconds(40));
  const Traced said = told({.summary = summary, .at = begun + milliseconds(100), .wall = kWall});
  EXPECT_EQ(said.state, Traced::State::kEnded);
  EXPECT_EQ(milliseconds(said.begun_ms), kWall.time_since_epoch() - milliseconds(100));
  EXPECT_EQ(said.after_ms, (decltype(said.after_ms){0, {}, {}, 30}));
  EXPECT_EQ(said.reply, "250 2.0.0 ok");
}

TEST(RecentMails, OneUnderWayHasNoReply) {
  EXPECT_EQ(told({.summary = mail_of('a'), .state = Traced::State::kUnderWay, .at = {}, .wall = kWall}).reply,
            "");
}

}  // namespace
}  // namespace tsmtp::mail
