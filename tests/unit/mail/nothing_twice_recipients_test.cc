// "Nothing twice", recipient by recipient: what our MTA tries again may be for some of the recipients only,
// or for more than before, and an earlier try may have ended differently for each.
#include <gtest/gtest.h>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

/// A first try to x and y whose final reply is lost: transaction 1, in doubt for both.
constexpr char kFirstTry[] = R"(
  C MAIL FROM:<a@tokyo.example>
  C RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>
  F mail 250 ok
  F rcpt 0 250 ok
  F rcpt 1 250 ok
  C DATA
  C hello|.
  D ok
  X link down
  S 250...
  S 250...
  S 250...
  S 354...
  S 451 4.4.2...
  L *
  N)";

TEST(NothingTwiceRecipients, TheSameAgainAreAskedForTogether) {
  NearEnd near;
  near.run(kFirstTry);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<y@birl.example>|RCPT TO:<x@birl.example>
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 250 ok
    C DATA
    S 250...
    S 250...
    S 250...
    S 354...
    C hello|.
    L Mail Rcpt Rcpt Data Content claim(1.1) claim(1.0) Ask(1)
    F outcome known 250 2.0.0 queued the first time
    S 250 2.0.0 queued the first time
    L ended(250)
    C NOOP
    S 250...
    L settle(1.1) settle(1.0) Settled(1) finish(3))");
}

TEST(NothingTwiceRecipients, OneOfThemAloneIsRecognised) {
  NearEnd near;
  near.run(kFirstTry);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<y@birl.example>
    C DATA
    S 250...
    S 250...
    S 354...
    C hello|.
    L Mail Rcpt Data Content claim(1.1) Ask(1)
    F outcome known 250 2.0.0 queued the first time
    S 250 2.0.0 queued the first time
    L ended(250)
    C NOOP
    S 250...
    # x is still in doubt, so the far side must not forget.
    L settle(1.1) finish(3))");
}

TEST(NothingTwiceRecipients, OneInDoubtDoesNotShareAMailWithOneThatIsNot) {
  NearEnd near;
  near.run(kFirstTry);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<x@birl.example>|RCPT TO:<z@birl.example>
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 250 ok
    C DATA
    C hello|.
    S 250...
    S 250...
    S 250...
    S 354...
    S 451 4.4.2...
    L Mail Rcpt Rcpt Data Content claim(1.0) mark(1.0) ended(451) reset(3)
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<x@birl.example>|RCPT TO:<z@birl.example>
    S 250...
    F mail 250 ok
    F rcpt 0 250 ok
    S 250...
    S 452 4.5.3 birlinghoven: an earlier try is in doubt; send this one by itself
    L Mail Rcpt ended(452)
    C RSET
    S 250...
    L reset(5)
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<z@birl.example>|RCPT TO:<x@birl.example>
    S 250...
    F mail 250 ok
    F rcpt 0 250 ok
    S 250...
    S 452 4.5.3...
    L Mail Rcpt ended(452))");
}

TEST(NothingTwiceRecipients, AnotherMailToThemGoesItsWay) {
  NearEnd near;
  near.run(kFirstTry);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<x@birl.example>
    C DATA
    C something else|.
    S 250...
    S 250...
    S 354...
    L Mail Rcpt Data Content record(2)
    D ok
    L Commit
    F mail 250 ok
    F rcpt 0 250 ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    L ended(250))");
}

TEST(NothingTwiceRecipients, AnEarlierTryThatNeverArrivedIsForgottenWhole) {
  NearEnd near;
  near.run(kFirstTry);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<y@birl.example>
    C DATA
    C hello|.
    S 250...
    S 250...
    S 354...
    L Mail Rcpt Data Content claim(1.1) Ask(1)
    F outcome unknown
    L settle(1) record(2)
    D ok
    L Commit
    F mail 250 ok
    F rcpt 0 250 ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    L ended(250))");
}

TEST(NothingTwiceRecipients, OneRefusedInTheEarlierTryIsTriedAnew) {
  NearEnd near;
  near.run(kFirstTry);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<y@birl.example>
    C DATA
    C hello|.
    S 250...
    S 250...
    S 354...
    L Mail Rcpt Data Content claim(1.1) Ask(1)
    F without 1 250 2.0.0 queued for x
    S 451 4.4.2 birlinghoven: was refused when this mail was tried earlier; try again
    L settle(1.1) ended(451) reset(3)
    # And now it is a first try.
    N
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<y@birl.example>
    C DATA
    C hello|.
    S 250...
    S 250...
    S 354...
    L Mail Rcpt Data Content record(3))");
}

/// A first try to x alone, so ended: transaction 1.
constexpr char kFirstTryToOne[] = R"(
  C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
  F mail 250 ok
  F rcpt 0 250 ok
  F data 354 go
  C hello|.
  D ok
  X link down
  S 250...
  S 250...
  S 354...
  S 451 4.4.2...
  L *
  N)";

// What x got in the first try, no refusal at RCPT may call back.
TEST(NothingTwiceRecipients, ALaterOneInDoubtIsNotRefusedButComesAgain) {
  NearEnd near;
  near.run(kFirstTryToOne);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<z@birl.example>
    C RCPT TO:<x@birl.example>
    S 250...
    S 250...
    F mail 250 ok
    F rcpt 0 250 ok
    S -
    F rcpt 1 550 5.1.1 no x any more
    S 452 4.5.3 birlinghoven: an earlier try is in doubt; send this one by itself
    C RSET
    S 250...
    L *
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    C DATA
    S 250...
    S 250...
    S 354...
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x any more
    F data 503 nobody
    C hello|.
    L Mail Rcpt Data claim(1.0) Ask(1)
    F outcome known 250 2.0.0 queued the first time
    S 250 2.0.0 queued the first time
    L ended(250)
    C NOOP
    S 250...
    L settle(1.0) Settled(1) finish(5))");
}

TEST(NothingTwiceRecipients, TheFirstOfSeveralTogetherIsNotRefusedEither) {
  for (const bool early : {true, false}) {
    NearEnd near(early);
    near.run(kFirstTryToOne);
    near.run(R"(
      C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<z@birl.example>
      F mail 250 ok
      S 250...
      F rcpt 0 550 5.1.1 no x any more
      S 250 2.1.5 Recipient ok...
      F rcpt 1 250 ok
      S 452 4.5.3 birlinghoven: the recipient before this one was refused; send this one again
      C DATA
      F data 354 go
      S 354...
      C hello|.
      L Mail Rcpt Rcpt Data claim(1.0) Ask(1)
      F outcome known 250 2.0.0 queued the first time
      S 250 2.0.0 queued the first time
      L ended(250)
      C NOOP
      S 250...
      L settle(1.0) Settled(1) finish(3))");
  }
}

// Only the content tells; and who is not in doubt is told at once.
TEST(NothingTwiceRecipients, AnotherMailIsRefusedAtItsEnd) {
  NearEnd near(false);
  near.run(kFirstTryToOne);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<z@birl.example>|RCPT TO:<x@birl.example>|DATA
    F mail 250 ok
    S 250...
    F rcpt 0 550 5.1.1 no z
    S 550 5.1.1 no z
    F rcpt 1 550 5.1.1 no x any more
    S 250...
    F data 503 nobody
    S 354...
    C something else|.
    S 550 5.1.1 no x any more
    L Mail Rcpt Rcpt Data ended(550) reset(3))");
}

TEST(NothingTwiceRecipients, ARefusedSenderIsToldAtTheEndWhileSomebodyIsInDoubt) {
  NearEnd near(false);
  near.run(kFirstTryToOne);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    S 250 2.1.0 Sender ok
    C RCPT TO:<z@birl.example>|RCPT TO:<x@birl.example>|DATA
    F mail 550 5.1.8 no such sender
    F rcpt 0 503 MAIL first
    F rcpt 1 503 MAIL first
    F data 503 MAIL first
    S 550 5.1.8 no such sender
    S 250...
    S 354...
    C hello|.
    L Mail Rcpt Rcpt Data claim(1.0) Ask(1)
    F outcome known 250 2.0.0 queued the first time
    S 250 2.0.0 queued the first time
    L ended(250)
    C NOOP
    S 250...
    L settle(1.0) Settled(1) finish(3))");
}

TEST(NothingTwiceRecipients, MixedFatesInSmtpAreTriedAgain) {
  NearEnd near;
  near.run(kFirstTry);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 250 ok
    C DATA
    C hello|.
    S 250...
    S 250...
    S 250...
    S 354...
    L Mail Rcpt Rcpt Data Content claim(1.0) claim(1.1) Ask(1)
    F without 1 250 2.0.0 queued for x
    S 451 4.4.2...
    L settle(1.1) mark(1.0) ended(451) reset(3)
    # x, delivered, is still known; y is not, and so they do not share a mail.
    N
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>
    S 250...
    F mail 250 ok
    F rcpt 0 250 ok
    S 250...
    S 452 4.5.3...
    L Mail Rcpt ended(452))");
}

TEST(NothingTwiceRecipients, MixedFatesInLmtpAreToldToEach) {
  NearEnd near;
  near.lmtp = true;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>|DATA
    C hello|.
    D ok
    X link down
    S 250...
    S 250...
    S 250...
    S 354...
    S 451 4.4.2...
    S 451 4.4.2...
    L *
    N
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>|DATA
    S 250...
    S 250...
    S 250...
    S 354...
    C hello|.
    L Mail Rcpt Rcpt Data Content claim(1.0) claim(1.1) Ask(1)
    F without 1 250 2.0.0 queued for x
    S 250 2.0.0 queued for x
    S 451 4.4.2...
    L settle(1.1) ended(250)
    C NOOP
    S 250...
    L settle(1.0) Settled(1) finish(3))");
}

TEST(NothingTwiceRecipients, LinkLostWhileAskingLeavesAllInDoubt) {
  NearEnd near;
  near.run(kFirstTry);
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    C RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>
    F mail 250 ok
    F rcpt 0 250 ok
    F rcpt 1 250 ok
    C DATA
    C hello|.
    L *
    X link down
    S 250...
    S 250...
    S 250...
    S 354...
    S 451 4.4.2...
    L mark(1.0) mark(1.1) ended(451))");
}

}  // namespace
}  // namespace tsmtp::mail
