// docs/replies.md, the rows of a mail with one recipient and early replies: MAIL, RCPT and DATA are answered
// at once, and what the far MTA said to any of them is said at the end of content.
#include <gtest/gtest.h>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

constexpr char kEnvelope[] = R"(
  C MAIL FROM:<a@tokyo.example>
  S 250 2.1.0 Sender ok
  C RCPT TO:<x@birl.example>
  S 250 2.1.5 Recipient ok, birlinghoven has the last word at the end of content
  C DATA
  S 354...
  L Mail Rcpt Data)";

class OneRecipient : public testing::Test {
 protected:
  void SetUp() override { near_.run(kEnvelope); }
  NearEnd near_;
};

TEST_F(OneRecipient, Accepted) {
  near_.run(R"(
    C hello|.
    L Content record(1)
    D ok
    L Commit
    S -
    F mail 250 ok
    F rcpt 0 250 ok
    F data 354 go
    S -
    F final 250 2.0.0 far queue id 17
    S 250 2.0.0 far queue id 17
    L ended(250)
    C QUIT
    S 221...
    L settle(1) Settled(1) finish(1)
    Q clean)");
}

TEST_F(OneRecipient, FinalReplyWordForWord) {
  near_.run(R"(
    C hello|.
    D ok
    F final 250 2.0.0 first line|2.0.0  second  line||.
    S 250-2.0.0 first line|250-2.0.0  second  line|250-|250 .
    L Content record(1) Commit ended(250))");
}

TEST_F(OneRecipient, RefusedMail) {
  near_.run(R"(
    F mail 550 5.1.8 no such sender
    L reset(1)
    C hello|.
    S 550 5.1.8 no such sender
    L ended(550))");
}

TEST_F(OneRecipient, RefusedRecipient) {
  near_.run(R"(
    C hello
    F mail 250 ok
    F rcpt 0 550 5.1.1 who is x?|5.1.1 see https://birl.example/
    L Content reset(1)
    C more|.
    S 550-5.1.1 who is x?|550 5.1.1 see https://birl.example/
    L ended(550))");
}

TEST_F(OneRecipient, RefusedRecipientHeardAfterCommit) {
  near_.run(R"(
    C hello|.
    D ok
    F mail 250 ok
    F rcpt 0 450 4.2.1 full
    F data 450 4.2.1 full
    S -
    F final 450 4.2.1 full
    S 450 4.2.1 full
    L Content record(1) Commit settle(1) ended(450) reset(1))");
}

TEST_F(OneRecipient, RefusedData) {
  near_.run(R"(
    F mail 250 ok
    F rcpt 0 250 ok
    F data 451 4.3.0 no space
    L reset(1)
    C hello|.
    S 451 4.3.0 no space
    L ended(451))");
}

TEST_F(OneRecipient, DataAnsweredWith250IsNoYes) {
  near_.run(R"(
    F data 250 2.0.0 delivered, honest
    L reset(1)
    C hello|.
    S 451 4.5.0...
    L ended(451))");
}

TEST_F(OneRecipient, RefusedContent) {
  near_.run(R"(
    C hello|.
    D ok
    F final 554 5.7.1 spam
    S 554 5.7.1 spam
    L Content record(1) Commit settle(1) ended(554) reset(1))");
}

TEST_F(OneRecipient, FarMtaCloses421) {
  near_.run(R"(
    F mail 421 4.3.2 shutting down
    L reset(1)
    C hello|.
    S 421 4.3.2 shutting down
    L ended(421)
    Q clean)");
}

TEST_F(OneRecipient, FarMtaCloses421AtTheEnd) {
  near_.run(R"(
    C hello|.
    D ok
    F final 421 4.3.2 shutting down
    S 421 4.3.2 shutting down
    L Content record(1) Commit settle(1) ended(421) reset(1)
    Q clean)");
}

TEST_F(OneRecipient, LinkLostInContent) {
  near_.run(R"(
    C hello
    X link down since 12:03:04 (timed out)
    S -
    C more|.
    S 451 4.4.2 birlinghoven: link down since 12:03:04 (timed out)
    L Content ended(451))");
}

TEST_F(OneRecipient, KnownRefusalWinsOverLostLink) {
  near_.run(R"(
    F rcpt 0 550 5.1.1 unknown
    X link down
    C hello|.
    S 550 5.1.1 unknown
    L reset(1) ended(550))");
}

TEST_F(OneRecipient, LinkLostWhileTheDoubtIsWritten) {
  near_.run(R"(
    C hello|.
    X link down
    S -
    D ok
    S 451 4.4.2 birlinghoven: link down
    L Content record(1) settle(1) ended(451))");
}

TEST_F(OneRecipient, LinkLostAfterCommit) {
  near_.run(R"(
    C hello|.
    D ok
    X link down
    S 451 4.4.2 birlinghoven: link down; whether it was delivered will be asked when it is tried again
    L Content record(1) Commit mark(1) ended(451))");
}

TEST_F(OneRecipient, LinkLostAfterFinalReply) {
  near_.run(R"(
    C hello|.
    D ok
    F final 250 ok
    S 250 ok
    L *
    X link down
    S -
    C QUIT
    S 221...
    # Settled cannot be said any more; the far side forgets by age.
    L settle(1)
    Q clean)");
}

TEST_F(OneRecipient, SecondMailOnTheConnection) {
  near_.run(R"(
    C hello|.
    D ok
    F final 250 ok
    S 250 ok
    L *
    C MAIL FROM:<a@tokyo.example>
    S 250...
    L settle(1) Settled(1) finish(1) Mail)");
}

TEST(OneRecipientLink, DownAtMail) {
  NearEnd near;
  near.host.link_down = "link down since 12:03:04 (connection timed out)";
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    S 421 4.4.1 birlinghoven: link down since 12:03:04 (connection timed out)
    Q clean)");
}

TEST(OneRecipientLink, LostAfterMail) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    S 250...
    X link down
    S 421 4.4.1 birlinghoven: link down
    L Mail ended(421)
    Q clean)");
}

TEST(OneRecipientLink, LostAfterRcpt) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    S 250...
    S 250...
    X link down
    S 421 4.4.1 birlinghoven: link down
    L Mail Rcpt ended(421)
    Q clean)");
}

}  // namespace
}  // namespace tsmtp::mail
