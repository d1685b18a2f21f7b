#include "relayd/forward/approvals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tsmtp::forward {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Outcome = Approvals::Outcome;

constexpr base::Duration kPatience = 60s;

class ApprovalsTest : public testing::Test {
 protected:
  Approvals::Id ask(const std::string& site = "tokyo", const std::string& service = "pop3") {
    const auto id = approvals_.ask(
        {.site = site, .service = service, .user = "alice", .client = {}, .connection = 7}, kPatience, now_);
    EXPECT_TRUE(id);
    return id ? *id : 0;
  }

  Approvals approvals_{{.of_a_site = 3, .in_all = 5}};
  base::TimePoint now_ = base::TimePoint() + 1h;
};

TEST_F(ApprovalsTest, ConnectionWaitsForItsYes) {
  const auto id = ask();
  EXPECT_FALSE(approvals_.next());
  ASSERT_THAT(approvals_.waiting(), SizeIs(1));
  EXPECT_EQ(approvals_.waiting()[0].question.user, "alice");
  EXPECT_EQ(approvals_.deadline(), now_ + kPatience);
  now_ += 10s;
  const auto about = approvals_.approve(id, "root via relayctl", now_);
  ASSERT_TRUE(about);
  EXPECT_EQ(about->site, "tokyo");
  const auto verdict = approvals_.next();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->id, id);
  EXPECT_EQ(verdict->outcome, Outcome::kGranted);
  EXPECT_EQ(verdict->by, "root via relayctl");
  EXPECT_FALSE(verdict->until);
  EXPECT_FALSE(approvals_.next());
  EXPECT_THAT(approvals_.waiting(), IsEmpty());
  EXPECT_FALSE(approvals_.deadline());
}

TEST_F(ApprovalsTest, NoSaysWhy) {
  const auto id = ask();
  EXPECT_FALSE(*approvals_.deny(id, "denied by root via relayctl", now_));
  const auto verdict = approvals_.next();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->outcome, Outcome::kDenied);
  EXPECT_EQ(verdict->cause, "denied by root via relayctl");
}

TEST_F(ApprovalsTest, NobodyThereMeansNoAndTheTimeCountsFromTheRequest) {
  const auto id = ask();
  approvals_.tick(now_ + kPatience - 1ns);
  EXPECT_FALSE(approvals_.next());
  approvals_.tick(now_ + kPatience);
  const auto verdict = approvals_.next();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->id, id);
  EXPECT_EQ(verdict->outcome, Outcome::kExpired);
  EXPECT_EQ(verdict->cause, "nobody approved it within 60 s");
}

TEST_F(ApprovalsTest, YesThatComesTooLateIsNone) {
  const auto id = ask();
  const auto late = approvals_.approve(id, "root via relayctl", now_ + kPatience);
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("nothing waits under 1"));
  EXPECT_EQ(approvals_.next()->outcome, Outcome::kExpired);
}

TEST_F(ApprovalsTest, FirstAnswerWins) {
  const auto id = ask();
  EXPECT_TRUE(approvals_.deny(id, "no", now_));
  EXPECT_FALSE(approvals_.approve(id, "approve_command", now_));
  EXPECT_EQ(approvals_.next()->outcome, Outcome::kDenied);
  EXPECT_FALSE(approvals_.next());
}

TEST_F(ApprovalsTest, YesForAWhileCoversThoseThatWaitAndThoseThatCome) {
  const auto first = ask();
  const auto second = ask();
  const auto other_service = ask("tokyo", "imap");
  const auto other_site = ask("kyoto");
  ASSERT_TRUE(approvals_.approve(first, "root via relayctl", now_, 10min));
  EXPECT_EQ(approvals_.next()->id, first);
  const auto verdict = approvals_.next();
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->id, second);
  EXPECT_EQ(verdict->until, now_ + 10min);
  EXPECT_FALSE(approvals_.next());
  ASSERT_THAT(approvals_.waiting(), SizeIs(2));
  EXPECT_EQ(approvals_.waiting()[0].id, other_service);
  EXPECT_EQ(approvals_.waiting()[1].id, other_site);

  const auto later = ask();
  const auto at_once = approvals_.next();
  ASSERT_TRUE(at_once);
  EXPECT_EQ(at_once->id, later);
  EXPECT_EQ(at_once->outcome, Outcome::kGranted);
  EXPECT_EQ(at_once->by, "root via relayctl");
  EXPECT_EQ(at_once->until, now_ + 10min);
}

TEST_F(ApprovalsTest, YesForAWhileEnds) {
  ASSERT_TRUE(approvals_.approve(ask(), "root via relayctl", now_, 10min));
  (void)approvals_.next();
  EXPECT_EQ(approvals_.deadline(), now_ + 10min);
  now_ += 10min;
  ask();
  EXPECT_FALSE(approvals_.next());
  EXPECT_THAT(approvals_.standing(), IsEmpty());
}

TEST_F(ApprovalsTest, YesForAWhileIsTakenBack) {
  ASSERT_TRUE(approvals_.approve(ask(), "root via relayctl", now_, 10min));
  (void)approvals_.next();
  ASSERT_THAT(approvals_.standing(), SizeIs(1));
  const auto id = approvals_.standing()[0].id;
  EXPECT_FALSE(approvals_.approve(id, "root via relayctl", now_)) << "it is no connection";
  EXPECT_TRUE(*approvals_.deny(id, "denied", now_));
  EXPECT_FALSE(approvals_.next()) << "nobody waited for that";
  ask();
  EXPECT_FALSE(approvals_.next());
}

TEST_F(ApprovalsTest, YesDoesNotHoldForAServiceThatHasChanged) {
  ASSERT_TRUE(approvals_.approve(ask(), "root via relayctl", now_, 10min));
  (void)approvals_.next();
  approvals_.take_back("tokyo", "imap");
  EXPECT_THAT(approvals_.standing(), SizeIs(1));
  approvals_.take_back("tokyo", "pop3");
  EXPECT_THAT(approvals_.standing(), IsEmpty());
}

TEST_F(ApprovalsTest, WithdrawnConnectionHasNoVerdict) {
  const auto id = ask();
  approvals_.withdraw(id);
  EXPECT_THAT(approvals_.waiting(), IsEmpty());
  EXPECT_FALSE(approvals_.approve(id, "root via relayctl", now_));
  const auto answered = ask();
  ASSERT_TRUE(approvals_.approve(answered, "root via relayctl", now_));
  approvals_.withdraw(answered);
  EXPECT_FALSE(approvals_.next());
}

TEST_F(ApprovalsTest, SiteIsBoundedAndSoAreAll) {
  for (int i = 0; i < 3; ++i)
    ask("tokyo");
  const auto fourth =
      approvals_.ask({.site = "tokyo", .service = "imap", .user = {}, .client = {}}, kPatience, now_);
  ASSERT_FALSE(fourth);
  EXPECT_EQ(fourth.error().message, "too many connections of site tokyo wait for approval (3)");
  ask("kyoto");
  const auto last = ask("osaka");
  const auto sixth =
      approvals_.ask({.site = "nara", .service = "pop3", .user = {}, .client = {}}, kPatience, now_);
  ASSERT_FALSE(sixth);
  EXPECT_EQ(sixth.error().message, "too many connections wait for approval (5)");
  approvals_.withdraw(last);
  ask("nara");
  EXPECT_EQ(approvals_.waiting_for("tokyo", "pop3"), 3U);
  EXPECT_EQ(approvals_.waiting_for("tokyo", "imap"), 0U);
}

TEST_F(ApprovalsTest, SiteThatAsksTooOftenAsksNobody) {
  Approvals often({.questions_per_second = 1, .questions_at_once = 10});
  const Approvals::Question question{.site = "tokyo", .service = "pop3", .user = {}, .client = {}};
  for (int i = 0; i < 10; ++i)
    often.withdraw(*often.ask(question, kPatience, now_));
  const auto one_more = often.ask(question, kPatience, now_);
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().message, "site tokyo asks for approval too often");
  Approvals::Question other = question;
  other.site = "kyoto";
  EXPECT_TRUE(often.ask(other, kPatience, now_));
  EXPECT_TRUE(often.ask(question, kPatience, now_ + 1s));
}

TEST_F(ApprovalsTest, YesThatStandsTakesNoPlace) {
  ASSERT_TRUE(approvals_.approve(ask(), "root via relayctl", now_, 10min));
  for (int i = 0; i < 100; ++i)
    ask();
  int granted = 0;
  while (const auto verdict = approvals_.next())
    granted += verdict->outcome == Outcome::kGranted ? 1 : 0;
  EXPECT_EQ(granted, 101);
}

}  // namespace
}  // namespace tsmtp::forward
