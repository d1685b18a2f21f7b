// docs/replies.md, the rows of a mail with several recipients and early replies: the verdicts are awaited
// before 354; a refusal of the first can only be told at the end of content, so nobody else gets this try.
#include <gtest/gtest.h>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

constexpr char kEnvelope[] = R"(
  C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
  S 250 2.1.0 Sender ok
  S 250 2.1.5...
  C RCPT TO:<y@birl.example>|RCPT TO:<z@birl.example>|DATA
  S -
  L Mail Rcpt Rcpt Rcpt Data)";

class SeveralRecipients : public testing::Test {
 protected:
  void SetUp() override { near_.run(kEnvelope); }
  NearEnd near_;
};

// A client that gives up when the others are deferred hears of the first one's refusal the next time, at its
// RCPT.
TEST(SeveralRecipientsAgain, RefusedFirstIsNotAcceptedUnseenTwice) {
  RefusedRecipients memory;
  NearEnd near;
  near.settings.refused = &memory;
  near.run(kEnvelope);
  near.run(R"(
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x here
    S 452 4.5.3...
    S 452 4.5.3...
    Q clean
    L *
    N
    C MAIL FROM:<a@tokyo.example>
    S 250...
    C RCPT TO:<x@birl.example>
    S -
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x here
    S 550 5.1.1 no x here
    C RCPT TO:<y@birl.example>
    S -
    F rcpt 1 250 y here
    S 250 y here
    C DATA
    S 354...
    C hello|.
    D ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    L Mail Rcpt Rcpt Data Content record(2) Commit ended(250))");
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<y@birl.example>|DATA
    S 250...
    S 250...
    S 354...
    L *)");
}

// The second RCPT comes with the first, as from a client that knows PIPELINING: nobody is accepted unseen.
class SeveralRecipientsAtOnce : public testing::Test {
 protected:
  void SetUp() override {
    near_.run(R"(
      C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>|DATA
      S 250 2.1.0 Sender ok
      S -
      L Mail Rcpt Rcpt Data)");
  }
  NearEnd near_;
};

TEST_F(SeveralRecipientsAtOnce, AllAccepted) {
  near_.run(R"(
    F mail 250 ok
    S -
    F rcpt 0 250 2.1.5 x here
    S 250 2.1.5 x here
    F rcpt 1 250 2.1.5 y here
    S 250 2.1.5 y here
    S 354...
    C hello|.
    D ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    L Content record(1) Commit ended(250))");
}

TEST_F(SeveralRecipientsAtOnce, RefusedFirst) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x here
    S 550 5.1.1 no x here
    F rcpt 1 250 2.1.5 y here
    S 250 2.1.5 y here
    S 354...
    C hello|.
    D ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    L Content record(1) Commit ended(250))");
}

TEST_F(SeveralRecipientsAtOnce, AllRefused) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x
    S 550 5.1.1 no x
    F rcpt 1 550 5.1.1 no y
    S 550 5.1.1 no y
    S -
    F data 503 5.5.1 nobody to send it to
    S 503 5.5.1 nobody to send it to
    L ended(550) reset(1))");
}

TEST_F(SeveralRecipientsAtOnce, RefusedMail) {
  near_.run(R"(
    F mail 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    F rcpt 0 503 5.5.1 MAIL first
    F rcpt 1 503 5.5.1 MAIL first
    F data 503 5.5.1 MAIL first
    S 503 5.5.1 MAIL first
    L ended(550) reset(1))");
}

TEST_F(SeveralRecipientsAtOnce, LinkLostBeforeTheVerdicts) {
  near_.run(R"(
    F mail 250 ok
    X link down since 12:03:04 (connection timed out)
    S 421 4.4.1 birlinghoven: link down since 12:03:04 (connection timed out)
    L ended(421))");
}

TEST_F(SeveralRecipients, AllAccepted) {
  near_.run(R"(
    F mail 250 ok
    S -
    F rcpt 0 250 2.1.5 x
    S -
    F rcpt 1 250 2.1.5 y here
    S 250 2.1.5 y here
    F rcpt 2 250 2.1.5 z here
    S 250 2.1.5 z here
    S 354...
    C hello|.
    D ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    L Content record(1) Commit ended(250))");
}

TEST_F(SeveralRecipients, RefusedMail) {
  near_.run(R"(
    F mail 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    F rcpt 0 503 5.5.1 MAIL first
    F rcpt 1 503 5.5.1 MAIL first
    F rcpt 2 503 5.5.1 MAIL first
    S 354...
    L reset(1)
    C hello|.
    S 550 5.1.8 no such sender
    L ended(550))");
}

TEST_F(SeveralRecipients, RefusedFirst) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x here
    S 452 4.5.3 birlinghoven: the recipient before this one was refused; send this one again
    S 452 4.5.3...
    # The far MTA has taken the others; they must not get this try's content.
    F rcpt 1 250 ok
    F rcpt 2 250 ok
    S 354...
    F data 354 go
    L reset(1)
    C hello|.
    S 550 5.1.1 no x here
    L ended(550))");
}

TEST_F(SeveralRecipients, RefusedLater) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 550 5.1.1 no y here|5.1.1 ask z
    S 550-5.1.1 no y here|550 5.1.1 ask z
    F rcpt 2 250 z
    S 250 z
    S 354...
    C hello|.
    D ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    L Content record(1) Commit ended(250))");
}

TEST_F(SeveralRecipients, AllRefused) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x
    S 452 4.5.3...
    S 452 4.5.3...
    F rcpt 1 550 5.1.1 no y
    F rcpt 2 550 5.1.1 no z
    S 354...
    C hello|.
    S 550 5.1.1 no x
    L reset(1) ended(550))");
}

TEST_F(SeveralRecipients, RefusedData) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 250 x
    F rcpt 1 250 y
    F rcpt 2 250 z
    S 250 y
    S 250 z
    S 354...
    F data 452 4.3.1 no space
    L reset(1)
    C hello|.
    S 452 4.3.1 no space
    L ended(452))");
}

TEST_F(SeveralRecipients, FarMtaCloses421InTheMiddle) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 421 4.3.2 shutting down
    S 421 4.3.2 shutting down
    Q clean
    L ended(421) reset(1))");
}

TEST_F(SeveralRecipients, VerdictsOutOfOrder) {
  near_.run(R"(
    F rcpt 2 250 z
    F rcpt 1 250 y
    S -
    F mail 250 ok
    S -
    F rcpt 0 250 x
    S 250 y
    S 250 z
    S 354...)");
}

TEST_F(SeveralRecipients, LinkLostBeforeTheVerdicts) {
  near_.run(R"(
    F mail 250 ok
    X link down
    S 421 4.4.1 birlinghoven: link down
    L ended(421)
    Q clean)");
}

TEST_F(SeveralRecipients, VerdictForNobody) {
  near_.run(R"(
    F rcpt 3 550 nobody
    F rcpt 65535 550 nobody
    S -)");
}

// A far relayd that breaks the protocol, where refusals are remembered.
TEST(SeveralRecipientsAgain, AVerdictBeforeAnyRecipientIsPassedOver) {
  RefusedRecipients memory;
  NearEnd near;
  near.settings.refused = &memory;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    S 250...
    F rcpt 0 550 5.1.1 no x here
    S -
    C RCPT TO:<x@birl.example>
    S 250...
    F rcpt 0 250 2.1.5 x here
    L Mail Rcpt)");
}

TEST_F(SeveralRecipients, FarSideIsLate) {
  near_.run(R"(
    T 719
    S -
    T 1
    S 421 4.4.2 birlinghoven: no verdict from the far MTA in time
    L ended(451) reset(1))");
}

TEST(SeveralRecipientsHere, OneThatIsNotBehindTheSite) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@else.example>|RCPT TO:<y@birl.example>|DATA
    S 250...
    S 550 5.7.1 birlinghoven: <x@else.example> is not behind this site...
    # The far side knows of one only: it is the first and alone.
    S 250 2.1.5...
    S 354...
    L ended(550) Mail Rcpt Data)");
}

TEST(SeveralRecipientsHere, MoreThanARecordLimitWithRefusedOnes) {
  NearEnd near(false);
  near.run("C MAIL FROM:<a@tokyo.example>\nL Mail");
  near.host.log.clear();
  near.far(MailVerdict{script_reply("250 ok")});
  for (std::uint16_t i = 0; i < 1000; ++i) {
    near.client("RCPT TO:<x@birl.example>\r\n");
    near.far(RcptVerdict{.index = i, .reply = script_reply("550 no")});
  }
  near.intake->output().clear();
  near.host.log.clear();
  near.run(R"(
    C RCPT TO:<x@birl.example>
    S 452 4.5.3 birlinghoven: too many recipients for one mail)");
}

}  // namespace
}  // namespace tsmtp::mail
