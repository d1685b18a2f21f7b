// Outcomes that belong to the site: the end of content waits until the transaction is claimed for this hub,
// and a question until the site has answered it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"

namespace tsmtp::mail {
namespace {

class DeliveryClaim : public testing::Test {
 protected:
  DeliveryClaim() {
    far_.settings.takes_questions = true;
    far_.settings.takes_reasons = true;
    far_.host.shares_outcomes = true;
  }
  void to_claiming() {
    far_.to_content();
    far_.run(R"(
      R content hello
      R commit
      V claim(1)
      W hello)");
    EXPECT_TRUE(far_.delivery->is_committing());
  }
  FarEnd far_;
};

TEST_F(DeliveryClaim, ComesBeforeTheEndOfContent) {
  to_claiming();
  far_.run(R"(
    C ok
    W .
    M 250 ok
    V release(keep) record(1)
    D ok
    V Final(250) ended(250))");
}

TEST_F(DeliveryClaim, ThatFailsPutsTheMailOff) {
  to_claiming();
  far_.run(R"(
    C 451 4.3.0 birl: etcd does not answer
    V release(close) Final(451) ended(451))");
  EXPECT_FALSE(far_.delivery->is_committing());
}

TEST_F(DeliveryClaim, OutlivesTheStream) {
  to_claiming();
  far_.run(R"(
    X
    V -
    C ok
    W .
    M 250 ok
    V release(keep) record(1)
    D ok
    V ended(250))");
  EXPECT_TRUE(far_.delivery->is_over());
}

TEST_F(DeliveryClaim, WhoseMtaIsGoneMeanwhile) {
  to_claiming();
  far_.run(R"(
    B end of file
    V release(close) Final(451) ended(451)
    C ok
    V -)");
  EXPECT_THAT(far_.host.summaries.back().reply.summary(),
              testing::AllOf(testing::HasSubstr("connection to its MTA lost (end of file)"),
                             testing::Not(testing::HasSubstr("not known"))));
}

TEST_F(DeliveryClaim, WhoseMtaRefusesAChunkMeanwhile) {
  far_.ehlo = "250-birl.example|250-PIPELINING|250 CHUNKING";
  far_.settings.rules.max_message_bytes = 0;
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    M 250 ok|250 ok
    V *)");
  far_.record(Content{std::string(40'000, 'x') + "\r\n"});
  far_.record(Commit{});
  EXPECT_TRUE(far_.delivery->is_committing());
  far_.session->output().clear();
  far_.mta_says("452 4.3.1 full\r\n");
  far_.delivery->claimed({}, far_.now);
  EXPECT_EQ(far_.host.summaries.back().reply.code, 452);
  EXPECT_EQ(far_.session->output().find("LAST"), std::string::npos);
}

TEST_F(DeliveryClaim, OfContentThatCannotEndIsMadeInVain) {
  far_.to_content();
  far_.record(Content{"hello\r"});
  far_.record(Commit{});
  far_.delivery->claimed({}, far_.now);
  EXPECT_EQ(far_.host.summaries.back().reply.code, 554);
}

TEST_F(DeliveryClaim, ThatNobodyAnswersEnds) {
  to_claiming();
  far_.run(R"(
    T 301
    V release(close) Final(451) ended(451)
    C ok
    V -)");
}

TEST_F(DeliveryClaim, WhatComesBehindAQuestionWaits) {
  far_.to_content();
  far_.run(R"(
    R content hello
    W hello
    R ask 7
    V ask(7)
    R commit
    V -
    Q unknown
    V Outcome(unknown) claim(1)
    C ok
    W .
    M 250 ok
    V release(keep) record(1)
    D ok
    V Final(250) ended(250))");
}

TEST_F(DeliveryClaim, AQuestionThatIsPendingSaysWhy) {
  far_.to_content();
  far_.run(R"(
    R ask 7
    V ask(7)
    Q pending hub birl2 took this mail at 12:03:04
    V Outcome(pending) release(close)
    R commit
    V Final(451) ended(451))");
  EXPECT_THAT(far_.host.summaries.back().reply.summary(),
              testing::HasSubstr("hub birl2 took this mail at 12:03:04"));
}

TEST_F(DeliveryClaim, AQuestionOfAPeerThatKnowsNoReasons) {
  far_.settings.takes_reasons = false;
  far_.run(R"(
    R ask 7
    V ask(7)
    Q pending hub birl2 took this mail at 12:03:04
    V Outcome(pending))");
  EXPECT_EQ(far_.host.last_reason, "");
}

TEST_F(DeliveryClaim, AQuestionAloneIsAnsweredLater) {
  far_.run(R"(
    R ask 7
    V ask(7)
    Q known
    V Outcome(known)
    R settled 7
    V forget(7)
    E
    V finish)");
  EXPECT_TRUE(far_.delivery->is_over());
}

TEST_F(DeliveryClaim, AQuestionWhoseStreamIsLost) {
  far_.to_content();
  far_.run(R"(
    R ask 7
    V ask(7)
    X
    V release(close) ended(451)
    Q unknown
    V -)");
  EXPECT_TRUE(far_.delivery->is_over());
}

TEST_F(DeliveryClaim, AQuestionWhileItsMtaGoes) {
  far_.to_content();
  far_.run(R"(
    R ask 7
    V ask(7)
    B end of file
    V release(close)
    Q known
    V Outcome(known) ended(250))");
}

}  // namespace
}  // namespace tsmtp::mail
