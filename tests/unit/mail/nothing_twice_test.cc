// P1 and P4 on the near side: when the final reply is believed, what is in doubt, how a second try is
// recognised, and when the far side may forget.
#include <gtest/gtest.h>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

constexpr char kMail[] = R"(
  C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
  S 250...
  S 250...
  S 354...
  C hello|.
  L *)";

class NothingTwice : public testing::Test {
 protected:
  // A first try that went out and whose client left without having read a reply.
  void first_try_in_doubt() {
    near_.run(kMail);
    near_.run(R"(
      D ok
      L Commit
      Q broken
      L mark(1) ended(451) reset(1)
      N)");
  }
  // The same mail again, from its first word to its last.
  void second_try() { near_.run(kMail); }
  NearEnd near_;
};

TEST_F(NothingTwice, NoFinalVerdictNoYes) {
  near_.run(kMail);
  near_.run(R"(
    # Believed by nobody: nothing was committed.
    F final 250 early bird
    S -
    D ok
    L Commit
    S -
    F mail 250 ok
    F rcpt 0 250 ok
    F data 354 go
    F outcome known 250 not asked for
    S -
    F final 250 true
    S 250 true
    F final 250 again
    S -
    L ended(250))");
}

TEST_F(NothingTwice, LedgerCannotWrite) {
  near_.run(kMail);
  near_.run(R"(
    D ledger: disk full
    S 451 4.3.0 birlinghoven: ledger: disk full
    L settle(1) ended(451) reset(1))");
}

TEST_F(NothingTwice, OwnDiskIsFull) {
  near_.run(kMail);
  near_.run(R"(
    D hub tokyo: its ledger: no space left on device, /x
    S 452 4.3.1 hub tokyo: its ledger: no space left on device, /x
    L settle(1) ended(452) reset(1))");
}

TEST_F(NothingTwice, ClientVanishesBeforeTheDoubtIsWritten) {
  near_.run(kMail);
  near_.run(R"(
    Q broken
    L mark(1) ended(451) reset(1)
    D ok
    L -)");
}

TEST_F(NothingTwice, ClientVanishesAfterCommit) {
  first_try_in_doubt();
}

TEST_F(NothingTwice, ClientVanishesWithTheReplyUnread) {
  near_.run(kMail);
  near_.run(R"(
    D ok
    F final 250 ok
    S 250 ok
    L Commit ended(250)
    Q broken
    L mark(1) reset(1))");
}

TEST_F(NothingTwice, CleanCloseWithTheReplyUnwrittenProvesNothing) {
  near_.run(kMail);
  near_.run(R"(
    D ok
    F final 250 ok
    L Commit ended(250)
    Q clean
    L mark(1) reset(1)
    S 250 ok)");
}

TEST_F(NothingTwice, CleanCloseProves) {
  near_.run(kMail);
  near_.run(R"(
    D ok
    F final 250 ok
    S 250 ok
    L Commit ended(250)
    Q clean
    L settle(1) Settled(1) finish(1))");
}

TEST_F(NothingTwice, BytesWhileTheReplyIsUnwrittenProveNothing) {
  near_.run(kMail);
  near_.run(R"(
    D ok
    F final 250 ok
    L Commit ended(250)
    C NOOP
    L -
    S 250 ok
    S 250 2.0.0 OK
    C NOOP
    S 250 2.0.0 OK
    L settle(1) Settled(1) finish(1))");
}

TEST_F(NothingTwice, QuitPipelinedBehindTheDot) {
  // Postfix. QUIT was sent before the reply was there, so only the close proves.
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    S 250...
    S 250...
    S 354...
    C hello|.|QUIT
    D ok
    F final 250 ok
    S 250 ok
    S 221...
    L Mail Rcpt Data Content record(1) Commit ended(250)
    Q clean
    L settle(1) Settled(1) finish(1))");
}

TEST_F(NothingTwice, RetryOfADeliveredMail) {
  first_try_in_doubt();
  second_try();
  near_.run(R"(
    S -
    F outcome known 250 2.0.0 first try's words
    S 250 2.0.0 first try's words
    L ended(250)
    C QUIT
    S 221...
    L settle(1.0) Settled(1) finish(3)
    Q clean)");
  EXPECT_FALSE(near_.host.summaries.front().repeated);
  EXPECT_TRUE(near_.host.summaries.back().repeated);
}

TEST_F(NothingTwice, RetryOfAMailThatNeverArrived) {
  first_try_in_doubt();
  second_try();
  near_.run(R"(
    F outcome unknown
    L settle(1) record(2)
    D ok
    L Commit
    F final 250 second
    S 250 second
    L ended(250))");
}

TEST_F(NothingTwice, RetryWhileTheFirstIsStillBeingDelivered) {
  first_try_in_doubt();
  second_try();
  near_.run(R"(
    F outcome pending
    S 451 4.4.2 birlinghoven: an earlier try of this mail is still being delivered
    L mark(1.0) ended(451) reset(3))");
  near_.run(kMail);  // still in doubt: it asks again
  near_.run(R"(
    F outcome known 250 ok
    S 250 ok
    L ended(250))");
}

TEST_F(NothingTwice, RetryAsksBeforeItCommits) {
  first_try_in_doubt();
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    S 250...
    S 250...
    S 354...
    C hello|.
    L Mail Rcpt Data Content claim(1.0) Ask(1)
    F final 250 not yet
    S -)");
}

TEST_F(NothingTwice, AnOutcomeThatIsNoDeliverySettles) {
  first_try_in_doubt();
  second_try();
  near_.run(R"(
    F outcome known 550 nonsense
    S 550 nonsense
    L settle(1.0) ended(550) reset(3))");
}

TEST_F(NothingTwice, LinkLostWhileAsking) {
  first_try_in_doubt();
  second_try();
  near_.run(R"(
    X link down
    S 451 4.4.2 birlinghoven: link down
    L mark(1.0) ended(451))");
}

TEST_F(NothingTwice, ClientVanishesWhileAsking) {
  first_try_in_doubt();
  second_try();
  near_.run(R"(
    Q broken
    L mark(1.0) ended(451) reset(3))");
}

TEST_F(NothingTwice, ClientVanishesAgainWithTheOldReplyUnread) {
  first_try_in_doubt();
  second_try();
  near_.run(R"(
    F outcome known 250 ok
    S 250 ok
    L ended(250)
    Q broken
    L mark(1.0) reset(3))");
}

TEST_F(NothingTwice, AnotherMailIsNoRetry) {
  first_try_in_doubt();
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    S 250...
    S 250...
    S 354...
    C hellp|.
    L Mail Rcpt Data Content record(2))");
}

TEST_F(NothingTwice, AnotherRecipientIsNoRetry) {
  first_try_in_doubt();
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<y@birl.example>|DATA
    S 250...
    S 250...
    S 354...
    C hello|.
    L Mail Rcpt Data Content record(2))");
}

TEST_F(NothingTwice, ParametersHeloAndSegmentsDoNotMatter) {
  first_try_in_doubt();
  near_.run(R"(
    C HELO another
    S 250...
    C MAIL FROM:<a@tokyo.example> SIZE=5|RCPT TO:<x@birl.example>|DATA
    S 250...
    S 250...
    S 354...
    L *)");
  for (const char byte : std::string("hello\r\n.\r\n"))
    near_.client(std::string_view(&byte, 1));
  near_.run("L Content claim(1.0) Ask(1)");
}

TEST_F(NothingTwice, OrderOfRecipientsDoesNotMatter) {
  const auto both = [&](const char* first, const char* second) {
    near_.client(std::string("MAIL FROM:<a@tokyo.example>\r\nRCPT TO:<") + first + ">\r\nRCPT TO:<" + second +
                 ">\r\nDATA\r\n");
    near_.far(MailVerdict{script_reply("250 ok")});
    near_.far(RcptVerdict{.index = 0, .reply = script_reply("250 ok")});
    near_.far(RcptVerdict{.index = 1, .reply = script_reply("250 ok")});
    near_.client("hello\r\n.\r\n");
    near_.intake->output().clear();
  };
  near_.connect();
  both("x@birl.example", "y@birl.example");
  near_.run(R"(
    D ok
    Q broken
    L *
    N)");
  both("y@birl.example", "x@birl.example");
  near_.run("L Mail Rcpt Rcpt Data Content claim(1.1) claim(1.0) Ask(1)");
}

TEST_F(NothingTwice, FarTimeoutAfterCommitIsInDoubt) {
  near_.run(kMail);
  near_.run(R"(
    D ok
    L Commit
    T 719
    S -
    T 1
    S 421 4.4.2 birlinghoven: no verdict from the far MTA in time
    L mark(1) ended(451) reset(1)
    Q clean)");
}

TEST_F(NothingTwice, ProtocolErrorAfterCommitIsInDoubt) {
  near_.run(kMail);
  near_.run("D ok\nL Commit");
  near_.intake->stream_received(near_.host.last_stream, encode(Commit{}), near_.now);
  near_.run(R"(
    S 451 4.4.2 birlinghoven: the far side sent a record that only the near side sends; whether...
    L reset(1) mark(1) ended(451))");
}

}  // namespace
}  // namespace tsmtp::mail
