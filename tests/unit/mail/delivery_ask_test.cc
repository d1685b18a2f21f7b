// The near side asks how an earlier try ended, before it commits this one.
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"

namespace tsmtp::mail {
namespace {

class DeliveryAsk : public testing::Test {
 protected:
  DeliveryAsk() { far_.settings.takes_questions = true; }
  FarEnd far_;
};

TEST_F(DeliveryAsk, ForAKnownOne) {
  far_.host.outcomes[transaction_id(7)] = {.kind = Outcome::Kind::kKnown, .reply = script_reply("250 then")};
  far_.to_content();
  far_.run(R"(
    R content hello
    W hello
    R ask 7
    V Outcome(known) release(close) ended(250)
    R settled 7
    V forget(7)
    E
    V finish)");
  EXPECT_TRUE(far_.delivery->is_over());
  EXPECT_TRUE(far_.host.summaries.back().repeated);
}

TEST_F(DeliveryAsk, ForAnUnknownOneThenCommit) {
  far_.to_content();
  far_.run(R"(
    R ask 7
    V Outcome(unknown)
    R content hello
    R commit
    W hello|.
    M 250 ok
    V release(keep) record(1)
    D ok
    V Final(250) ended(250))");
  EXPECT_FALSE(far_.host.summaries.back().repeated);
}

TEST_F(DeliveryAsk, NothingIsDeliveredThatCannotBeRecorded) {
  far_.to_content();
  far_.host.trouble = "hub birl: its ledger: no space left on device, /x";
  far_.run(R"(
    R content hello
    W hello
    R commit
    V release(close) Final(452) ended(452))");
  EXPECT_THAT(far_.host.summaries.back().reply.summary(),
              testing::HasSubstr("452 4.3.1 hub birl: its ledger: no space left on device, /x"));
}

TEST_F(DeliveryAsk, ForAPendingOne) {
  far_.host.outcomes[transaction_id(7)] = {.kind = Outcome::Kind::kPending, .reply = {}};
  far_.to_content();
  far_.run(R"(
    R ask 7
    V Outcome(pending) release(close)
    # A near side that commits it all the same does not deliver twice.
    R commit
    V Final(451) ended(451))");
}

TEST_F(DeliveryAsk, WhereThisTryIsRefused) {
  far_.host.outcomes[transaction_id(7)] = {.kind = Outcome::Kind::kKnown, .reply = script_reply("250 then")};
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    R ask 7
    K 451 4.4.1 no connection
    V request(tokyo.example) release(close) Mail(451) Rcpt(0,451) Data(451) Outcome(known) ended(250))");
}

TEST_F(DeliveryAsk, AfterTheEnd) {
  far_.to_committed();
  far_.run(R"(
    M 250 ok
    D ok
    V release(keep) record(1) Final(250) ended(250)
    R ask 1
    V reset)");
  EXPECT_TRUE(far_.delivery->is_over());
}

// A stream that is nothing but a question, for a mail that nobody tries again just now.
TEST_F(DeliveryAsk, AloneForAKnownOne) {
  far_.host.outcomes[transaction_id(7)] = {.kind = Outcome::Kind::kKnown, .reply = script_reply("250 then")};
  far_.run(R"(
    R ask 7
    V Outcome(known)
    E
    V finish)");
  EXPECT_TRUE(far_.delivery->is_over());
  EXPECT_TRUE(far_.host.summaries.empty()) << "no mail, no line in the log";
}

TEST_F(DeliveryAsk, AloneThenSettled) {
  far_.host.outcomes[transaction_id(7)] = {.kind = Outcome::Kind::kKnown, .reply = script_reply("250 then")};
  far_.run(R"(
    R ask 7
    V Outcome(known)
    R settled 7
    V forget(7)
    E
    V finish)");
}

TEST_F(DeliveryAsk, AloneForAnUnknownOneEndsThere) {
  far_.run(R"(
    R ask 7
    V Outcome(unknown)
    R mail FROM:<a@tokyo.example>
    V reset)");
  EXPECT_TRUE(far_.delivery->is_over());
}

TEST_F(DeliveryAsk, AloneWhereNobodyHasSaidThatItMayBe) {
  far_.settings.takes_questions = false;
  far_.run(R"(
    R ask 7
    V reset)");
}

TEST_F(DeliveryAsk, AloneAndTwice) {
  far_.run(R"(
    R ask 7
    V Outcome(unknown)
    R ask 7
    V reset)");
}

TEST_F(DeliveryAsk, AloneAndThenSilence) {
  far_.run(R"(
    R ask 7
    V Outcome(unknown)
    T 301
    V reset)");
  EXPECT_TRUE(far_.delivery->is_over());
}

// Its session lagged behind the one on which it was asked for, and it was said to be unknown.
TEST_F(DeliveryAsk, WhatWasSaidToBeUnknownDoesNotBegin) {
  far_.host.disowned.insert(transaction_id(1));
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    V Mail(451)
    R rcpt TO:<x@birl.example>
    R data
    R content hello
    R commit
    V Rcpt(0,451) Data(451) Final(451) ended(451))");
}

}  // namespace
}  // namespace tsmtp::mail
