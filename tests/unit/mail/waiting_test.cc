// docs/replies.md, the rows of early_reply = false: every command is answered with the far MTA's own verdict.
#include <gtest/gtest.h>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

class Waiting : public testing::Test {
 protected:
  NearEnd near_{false};
};

TEST_F(Waiting, Accepted) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>
    S -
    F mail 250 2.1.0 far says ok|2.1.0 twice
    S 250-2.1.0 far says ok|250 2.1.0 twice
    C RCPT TO:<x@birl.example>
    S -
    F rcpt 0 251 2.1.5 forwarded
    S 251 2.1.5 forwarded
    C DATA
    S -
    F data 354 far says go
    S 354 far says go
    C hello|.
    D ok
    F final 250 2.0.0 queued
    S 250 2.0.0 queued
    L Mail Rcpt Data Content record(1) Commit ended(250))");
}

// A peer that breaks the protocol: its 354 is for nobody.
TEST_F(Waiting, NoContentWithoutRecipients) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x
    F data 354 far says go
    S 250 ok
    S 550 5.1.1 no x
    S 550 5.1.1 no x
    L Mail Rcpt Data ended(550) reset(1))");
}

TEST_F(Waiting, A354ThatComesTooEarlyWaitsForTheOthers) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    F data 354 far says go
    F mail 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    F rcpt 0 503 5.5.1 MAIL first
    S 503 5.5.1 MAIL first
    S 550 5.1.8 no such sender
    L Mail Rcpt Data ended(550) reset(1))");
}

TEST_F(Waiting, RefusedMail) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>
    F mail 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    L Mail ended(550) reset(1)
    C MAIL FROM:<b@tokyo.example>
    S -
    F mail 250 ok
    S 250 ok
    L Mail)");
}

TEST_F(Waiting, RefusedMailWithTheRestPipelined) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    F mail 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    F rcpt 0 503 5.5.1 MAIL first
    S 503 5.5.1 MAIL first
    F data 550 5.1.8 no such sender
    S 550 5.1.8 no such sender
    L Mail Rcpt Data ended(550) reset(1)
    C NOOP
    S 250...)");
}

TEST_F(Waiting, RefusedRecipients) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>|DATA
    F mail 250 ok
    S 250 ok
    F rcpt 0 550 5.1.1 no x
    S 550 5.1.1 no x
    F rcpt 1 250 y
    S 250 y
    F data 354 go
    S 354 go
    C hello|.
    D ok
    F final 250 queued
    S 250 queued
    L Mail Rcpt Rcpt Data Content record(1) Commit ended(250))");
}

TEST_F(Waiting, EveryRecipientRefused) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x
    S 250 ok
    S 550 5.1.1 no x
    C DATA
    S 554 5.5.1 no valid recipients
    L Mail Rcpt ended(550) reset(1))");
}

TEST_F(Waiting, RefusedData) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    F mail 250 ok
    F rcpt 0 250 ok
    F data 452 4.3.1 no space
    S 250 ok
    S 250 ok
    S 452 4.3.1 no space
    L Mail Rcpt Data reset(1)
    C QUIT
    S 221...
    Q clean)");
}

TEST_F(Waiting, DataAnsweredWith250IsNoYes) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    F mail 250 ok
    F rcpt 0 250 ok
    F data 250 2.0.0 delivered, honest
    S 250 ok
    S 250 ok
    S 451 4.5.0...
    L Mail Rcpt Data reset(1))");
}

TEST_F(Waiting, IntermediateVerdictsAreNotBelieved) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>
    F mail 354 go
    S 451 4.5.0 the far side gave no final reply
    L *)");
}

TEST_F(Waiting, FarMtaCloses421) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>
    F mail 421 4.3.2 shutting down
    S 421 4.3.2 shutting down
    L Mail ended(421) reset(1)
    Q clean)");
}

TEST_F(Waiting, LinkLostBeforeMailVerdict) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>
    X link down
    S 421 4.4.1 birlinghoven: link down
    L Mail ended(421)
    Q clean)");
}

TEST_F(Waiting, ResetPipelinedBehindRecipients) {
  // Postfix probes addresses so. The answers must be true ones, and none may be missing.
  near_.run(R"(
    C MAIL FROM:<>|RCPT TO:<x@birl.example>|RSET|MAIL FROM:<a@tokyo.example>
    S -
    F mail 250 ok
    S 250 ok
    L Mail Rcpt
    F rcpt 0 550 5.1.1 no x
    S 550 5.1.1 no x
    S 250 2.0.0 OK
    L ended(550) reset(1) Mail
    F mail 250 second
    S 250 second)");
}

TEST_F(Waiting, LinkLostBehindReset) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RSET
    X link down
    S 421 4.4.1 birlinghoven: link down
    L Mail Rcpt ended(421)
    Q clean)");
}

TEST_F(Waiting, QuitPipelinedBehindRecipients) {
  near_.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|QUIT
    F mail 250 ok
    F rcpt 0 550 5.1.1 no x
    S 250 ok
    S 550 5.1.1 no x
    S 221...
    L Mail Rcpt
    Q clean
    L ended(550) reset(1))");
}

}  // namespace
}  // namespace tsmtp::mail
