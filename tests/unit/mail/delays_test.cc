// Who took how long: each part is measured where it happens, and all add up.
#include "relayd/mail/delays.h"

#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"
#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

using namespace std::chrono_literals;

base::Duration sum_of_parts(const Took& took) {
  base::Duration sum{};
  for (const TookPart& part : kTookParts)
    sum += took.*part.value;
  return sum;
}

TEST(Took, OnTheNearSide) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    S 250...
    S 250...
    S 354...
    T 1
    C hello|.
    T 2
    D ok
    L *)");
  near.now += 7s;
  near.far(FinalVerdict{.reply = smtp::make_reply(250, "2.0.0", "ok"), .took_ms = 3000});
  near.run("S 250 2.0.0 ok\nL *");
  ASSERT_EQ(near.host.summaries.size(), 1U);
  const Took& took = near.host.summaries.front().took;
  EXPECT_EQ(took.near_mta, 1s);
  EXPECT_EQ(took.ledger, 2s);
  EXPECT_EQ(took.far_mta, 3s);
  EXPECT_EQ(took.link, 4s);
  EXPECT_EQ(sum_of_parts(took), took.total);
}

// Our MTA gives up before the ledger has answered.
TEST(Took, IsTheLedgersTooWhereItNeverAnswered) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    S 250...
    S 250...
    S 354...
    C hello|.
    T 5
    Q broken
    L *)");
  const Took& took = near.host.summaries.back().took;
  EXPECT_EQ(took.ledger, 5s);
  EXPECT_EQ(sum_of_parts(took), took.total);
}

TEST(Took, OnTheFarSide) {
  FarEnd far;
  far.host.shares_outcomes = true;
  far.run(R"(
    T 1
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    T 2
    K ok
    M 250 ok|250 ok|354 go
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    V *
    T 4
    R content hello
    R commit
    W hello
    V *
    T 8
    C ok
    W .
    T 16
    M 250 ok
    V *
    T 32
    D ok
    V *)");
  ASSERT_EQ(far.host.summaries.size(), 1U);
  const Took& took = far.host.summaries.front().took;
  EXPECT_EQ(took.near_mta, 0s);
  EXPECT_EQ(took.link, 5s) << "before the connection was wanted, and while content came";
  EXPECT_EQ(took.far_mta, 18s) << "for the connection, and from the end of content";
  EXPECT_EQ(took.connecting, 2s) << "is a part of that";
  EXPECT_EQ(took.ledger, 40s) << "for the claim, and for the outcome";
  EXPECT_EQ(sum_of_parts(took), took.total);
}

TEST(DelayHistogram, ABoundIsOfItsOwnBucket) {
  DelayHistogram histogram;
  for (const auto took : {0ms, 5ms, 6ms, 300'000ms, 300'001ms})
    histogram.add(took);
  EXPECT_EQ(histogram.counts, (std::array<std::uint64_t, 9>{2, 1, 0, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(histogram.sum, 600'012ms);
}

TEST(Delays, EachWayHasItsOwn) {
  Delays delays;
  Summary mail;
  mail.direction = Direction::kIn;
  mail.took = {.total = 3s, .ledger = 1s, .far_mta = 2s};
  delays.add(mail);
  EXPECT_EQ(delays.in.total.sum, 3s);
  EXPECT_EQ(delays.in.parts[1].sum, 1s);
  EXPECT_EQ(delays.in.parts[3].sum, 2s);
  EXPECT_EQ(delays.out.total.sum, 0s);
}

}  // namespace
}  // namespace tsmtp::mail
