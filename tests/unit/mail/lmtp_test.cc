// docs/replies.md, the rows of LMTP with early replies: nothing is awaited, and at the end of content every
// recipient gets its own verdict, the far MTA's.
#include <gtest/gtest.h>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

constexpr char kEnvelope[] = R"(
  C MAIL FROM:<a@tokyo.example>
  S 250 2.1.0 Sender ok
  C RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>|RCPT TO:<z@birl.example>
  S 250 2.1.5...
  S 250 2.1.5...
  S 250 2.1.5...
  C DATA
  S 354...
  L Mail Rcpt Rcpt Rcpt Data)";

class Lmtp : public testing::Test {
 protected:
  void SetUp() override {
    near_.lmtp = true;
    near_.run(kEnvelope);
  }
  NearEnd near_;
};

TEST_F(Lmtp, AllAccepted) {
  near_.run(R"(
    C hello|.
    L Content record(1)
    D ok
    L Commit
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 250 ok
    F rcpt 2 250 ok
    F data 354 go
    S -
    F final 250 2.0.0 far queue id 17
    S 250 2.0.0 far queue id 17
    S 250 2.0.0 far queue id 17
    S 250 2.0.0 far queue id 17
    L ended(250)
    C QUIT
    S 221...
    L settle(1) Settled(1) finish(1))");
}

TEST_F(Lmtp, SomeRefused) {
  near_.run(R"(
    C hello|.
    D ok
    F mail 250 ok
    F rcpt 0 550 5.1.1 who is x?
    F rcpt 1 250 ok
    F rcpt 2 452 4.2.2 z is full
    F data 354 go
    F final 250 2.0.0 queued
    S 550 5.1.1 who is x?
    S 250 2.0.0 queued
    S 452 4.2.2 z is full
    L Content record(1) Commit ended(250))");
  const Summary& summary = near_.host.summaries.back();
  EXPECT_TRUE(summary.lmtp);
  ASSERT_EQ(summary.recipients.size(), 3U);
  EXPECT_EQ(summary.recipients[0].reply.code, 550);
  EXPECT_EQ(summary.recipients[1].reply.code, 250);
  EXPECT_EQ(summary.recipients[2].reply.code, 452);
}

TEST_F(Lmtp, AllRefused) {
  near_.run(R"(
    C hello
    F mail 250 ok
    F rcpt 0 550 5.1.1 who is x?
    F rcpt 1 550 5.1.1 who is y?
    L Content
    F rcpt 2 450 4.2.1 later
    L reset(1)
    C more|.
    S 550 5.1.1 who is x?
    S 550 5.1.1 who is y?
    S 450 4.2.1 later
    L ended(550))");
}

TEST_F(Lmtp, RefusedMail) {
  near_.run(R"(
    F mail 550 5.1.8 no such sender
    C hello|.
    S 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    L reset(1) ended(550))");
}

TEST_F(Lmtp, RefusedData) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 550 5.1.1 who is y?
    F rcpt 2 250 ok
    F data 451 4.3.0 not now
    C hello|.
    S 451 4.3.0 not now
    S 550 5.1.1 who is y?
    S 451 4.3.0 not now
    L reset(1) ended(451))");
}

TEST_F(Lmtp, RefusedContent) {
  near_.run(R"(
    C hello|.
    D ok
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 550 5.1.1 who is y?
    F rcpt 2 250 ok
    F final 554 5.7.1 spam
    S 554 5.7.1 spam
    S 550 5.1.1 who is y?
    S 554 5.7.1 spam
    L Content record(1) Commit settle(1) ended(554) reset(1))");
}

TEST_F(Lmtp, FarMtaCloses421) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 421 4.3.2 closing
    F rcpt 2 421 4.3.2 closing
    F data 421 4.3.2 closing
    C hello|.
    S 421 4.3.2 closing
    S 421 4.3.2 closing
    S 421 4.3.2 closing
    L reset(1) ended(421))");
  EXPECT_TRUE(near_.intake->finished());
}

TEST_F(Lmtp, LinkLostInContent) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 550 5.1.1 who is x?
    X link down since 12:03:04 (timed out)
    C hello|.
    S 550 5.1.1 who is x?
    S 451 4.4.2 birlinghoven: link down since 12:03:04 (timed out)
    S 451 4.4.2 birlinghoven: link down since 12:03:04 (timed out)
    L ended(451))");
}

TEST_F(Lmtp, LinkLostAfterCommit) {
  near_.run(R"(
    C hello|.
    D ok
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 550 5.1.1 who is y?
    X link down
    S 451 4.4.2...
    S 550 5.1.1 who is y?
    S 451 4.4.2...
    L Content record(1) Commit mark(1) ended(451))");
}

TEST_F(Lmtp, NoYesForARecipientWithoutVerdict) {
  near_.run(R"(
    C hello|.
    D ok
    F mail 250 ok
    F rcpt 0 250 ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    S 451 4.5.0 birlinghoven: the far side gave no verdict on this recipient
    S 451 4.5.0 birlinghoven: the far side gave no verdict on this recipient
    L Content record(1) Commit ended(250))");
}

TEST_F(Lmtp, BareLineEnds) {
  near_.client("a\nb\r\n.\r\n");
  near_.run(R"(
    S 554 5.6.0...
    S 554 5.6.0...
    S 554 5.6.0...
    L reset(1) ended(554))");
}

TEST(LmtpWaiting, EveryVerdictAtItsCommand) {
  NearEnd near(false);
  near.lmtp = true;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    F mail 250 far ok
    S 250 far ok
    C RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>
    F rcpt 0 550 far no
    F rcpt 1 250 far ok
    S 550 far no
    S 250 far ok
    C DATA
    F data 354 far go
    S 354 far go
    C hello|.
    D ok
    F final 250 far queued
    S 250 far queued
    L Mail Rcpt Rcpt Data Content record(1) Commit ended(250))");
}

}  // namespace
}  // namespace tsmtp::mail
