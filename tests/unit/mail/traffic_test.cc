#include "relayd/mail/traffic.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

using namespace std::chrono_literals;

Summary a_mail(Direction direction, int code, const std::string& text) {
  return {.direction = direction,
          .site = "birl",
          .transaction = {},
          .helo = {},
          .sender = "a@tokyo.example",
          .recipients = {{.address = "x@birl.example", .reply = {code, {text}}}},
          .size_bytes = 100,
          .link_bytes = 60,
          .reply = {code, {text}},
          .took = {.total = 3ms, .ledger = 2ms, .link = 1ms}};
}

TEST(Traffic, CountsEachWayByItself) {
  Traffic traffic;
  for (const int code : {250, 250, 550, 451, 421})
    (void)traffic.count(a_mail(Direction::kOut, code, "x"), "tokyo", "birl", {});
  (void)traffic.count(a_mail(Direction::kIn, 250, "x"), "tokyo", "birl", {});
  EXPECT_EQ(traffic.out().counters.ok, 2U);
  EXPECT_EQ(traffic.out().counters.refused, 1U);
  EXPECT_EQ(traffic.out().counters.deferred, 2U);
  EXPECT_EQ(traffic.out().counters.bytes, 200U);
  EXPECT_EQ(traffic.out().counters.link_bytes, 120U);
  EXPECT_EQ(traffic.out().took.total, 15ms) << "whatever became of them";
  EXPECT_EQ(traffic.out().took.ledger, 10ms);
  EXPECT_EQ(traffic.in().counters.ok, 1U);
}

TEST(Traffic, KnowsWhenTheLastWasDelivered) {
  Traffic traffic;
  EXPECT_FALSE(traffic.out().last_ok);
  (void)traffic.count(a_mail(Direction::kOut, 250, "x"), "tokyo", "birl", base::WallTime(1s));
  (void)traffic.count(a_mail(Direction::kOut, 451, "x"), "tokyo", "birl", base::WallTime(2s));
  EXPECT_EQ(traffic.out().last_ok, base::WallTime(1s));
  EXPECT_FALSE(traffic.in().last_ok);
}

TEST(Traffic, AdviceIsGivenOnceAndAgainWhenItIsAnother) {
  Traffic traffic;
  const Summary no_relay = a_mail(Direction::kOut, 550, "5.7.1 Relaying denied");
  const Summary no_user = a_mail(Direction::kOut, 550, "5.1.1 User unknown");
  EXPECT_TRUE(traffic.count(no_relay, "tokyo", "birl", base::WallTime(1s)));
  EXPECT_FALSE(traffic.count(no_relay, "tokyo", "birl", base::WallTime(2s)));
  EXPECT_EQ(traffic.out().last_refused_at, base::WallTime(2s));
  EXPECT_FALSE(traffic.count(no_user, "tokyo", "birl", base::WallTime(3s)));
  ASSERT_TRUE(traffic.out().last_refused);
  EXPECT_EQ(traffic.out().last_refused->reply.code, 550);
  EXPECT_TRUE(traffic.count(no_relay, "tokyo", "birl", base::WallTime(4s)));
}

}  // namespace
}  // namespace tsmtp::mail
