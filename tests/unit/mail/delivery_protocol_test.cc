// The far side against its peer: policy, a stream lost at each state, records out of turn,
// hostile content, limits and backpressure.
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"

namespace tsmtp::mail {
namespace {

class DeliveryProtocol : public testing::Test {
 protected:
  FarEnd far_;
};

TEST_F(DeliveryProtocol, SenderWithoutBusinessHere) {
  far_.run(R"(
    R mail FROM:<a@else.example>
    V Mail(550)
    R rcpt TO:<x@birl.example>
    R data
    R content hello
    R commit
    # No connection is made for it.
    V Rcpt(0,550) Data(550) Final(550) ended(550))");
}

TEST_F(DeliveryProtocol, RecipientWithoutBusinessHere) {
  far_.run(R"(
    R mail FROM:<>
    R rcpt TO:<x@else.example>
    R rcpt TO:<x%else.example@birl.example>
    R rcpt TO:<y@birl.example>
    R data
    K ok
    V request(tokyo.example) Rcpt(0,550) Rcpt(1,550)
    W MAIL FROM:<>|RCPT TO:<y@birl.example>|DATA
    M 250 ok|250 ok|354 go
    V Mail(250) Rcpt(2,250) Data(354))");
}

TEST_F(DeliveryProtocol, MalformedArguments) {
  far_.run(R"(
    R mail nonsense
    R rcpt TO:<x@birl.example>
    V Mail(501) Rcpt(0,501))");
  FarEnd other;
  other.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt FROM:<x@birl.example>
    R rcpt TO:<x@birl.example> NOSUCH=1
    K ok
    R rcpt TO:<ü@birl.example>
    # The last because MAIL came without SMTPUTF8.
    V request(tokyo.example) Rcpt(0,501) Rcpt(1,555) Rcpt(2,553)
    W MAIL FROM:<a@tokyo.example>)");
}

TEST_F(DeliveryProtocol, WhatIsRecordedOfAMailInErrorSaysWhy) {
  far_.to_content();
  far_.run(R"(
    R data
    V reset release(close) ended(451))");
  EXPECT_EQ(far_.host.summaries.back().reply.summary(),
            "451 4.5.0 birlinghoven: peer sent a Data record out of turn");
}

TEST_F(DeliveryProtocol, SizeDeclaredTooLarge) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example> SIZE=1001
    V Mail(552))");
}

TEST_F(DeliveryProtocol, AHubThatIsOutOfMemoryTakesNoMail) {
  const bool is_short = true;
  far_.settings.is_short_of_memory = &is_short;
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    V Mail(452))");
}

TEST_F(DeliveryProtocol, SizeCountedTooLarge) {
  far_.to_content();
  const std::string piece(600, 'x');
  far_.record(Content{piece});
  far_.session->output().clear();
  far_.record(Content{piece});
  far_.run(R"(
    # There is no other way out of DATA.
    V release(close)
    W -
    R content more
    R commit
    V Final(552) ended(552))");
}

TEST_F(DeliveryProtocol, BareLineEndsNeverReachTheMta) {
  for (const char* evil :
       {"a\n.\nMAIL FROM:<b@tokyo.example>\n", "a\r\n.\n", "\n.\r\n", "a\r.\r\n", "a\n.\r\n", "\r"}) {
    SCOPED_TRACE(testing::PrintToString(evil));
    FarEnd far;
    far.to_content();
    std::string to_mta;
    for (const char byte : std::string(evil)) {
      far.record(Content{std::string_view(&byte, 1)});
      to_mta += std::exchange(far.session->output(), {});
    }
    far.record(Commit{});
    to_mta += std::exchange(far.session->output(), {});
    EXPECT_EQ(to_mta.find("\n.\n"), std::string::npos);
    EXPECT_FALSE(to_mta.ends_with("\r\n.\r\n") || to_mta == ".\r\n") << testing::PrintToString(to_mta);
    far.run("V release(close) Final(554) ended(554)");
  }
}

TEST_F(DeliveryProtocol, DotsAreStuffedAnew) {
  far_.to_content();
  far_.run(R"(
    R content .|..|.MAIL FROM:<b@tokyo.example>|a.
    R commit
    W ..|...|..MAIL FROM:<b@tokyo.example>|a.|.)");
}

TEST_F(DeliveryProtocol, MailIsAnsweredBeforeDataWhereAllRecipientsAreRefusedHere) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    V request(tokyo.example)
    K ok
    W MAIL FROM:<a@tokyo.example>
    R rcpt TO:<x@elsewhere.example>
    R data
    V Rcpt(0,550)
    M 250 ok
    V Mail(250) release(keep) Data(550)
    W RSET
    R commit
    V Final(550) ended(550))");
}

TEST_F(DeliveryProtocol, StreamLostWhileConnecting) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    X
    V request(tokyo.example) release(close) ended(451))");
  EXPECT_TRUE(far_.delivery->is_over());
}

TEST_F(DeliveryProtocol, StreamLostInTheEnvelope) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    K ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    X
    W RSET
    V request(tokyo.example) release(keep) ended(451))");
  EXPECT_TRUE(far_.delivery->is_over());
}

TEST_F(DeliveryProtocol, StreamLostBehindData) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    K ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    X
    V request(tokyo.example) release(close) ended(451))");
}

TEST_F(DeliveryProtocol, StreamLostInContent) {
  far_.to_content();
  far_.run(R"(
    R content hello
    W hello
    X
    # Never an end of content.
    W -
    V release(close) ended(451))");
  EXPECT_TRUE(far_.delivery->is_over());
}

TEST_F(DeliveryProtocol, StreamLostAfterCommitGoesOn) {
  far_.to_committed();
  far_.run(R"(
    X
    V -)");
  EXPECT_TRUE(far_.delivery->is_committing());
  far_.run(R"(
    M 250 2.0.0 ok
    V release(keep) record(1))");
  EXPECT_TRUE(far_.delivery->is_committing());
  far_.run(R"(
    D ok
    V ended(250))");
  EXPECT_TRUE(far_.delivery->is_over());
  EXPECT_EQ(far_.host.end_earlier({transaction_id(1)})->reply, script_reply("250 2.0.0 ok"));
}

TEST_F(DeliveryProtocol, StreamLostAfterCommitAndRefused) {
  far_.to_committed();
  far_.run(R"(
    X
    M 450 later
    V release(keep) ended(450))");
  EXPECT_TRUE(far_.delivery->is_over());
  EXPECT_TRUE(far_.host.outcomes.empty()) << "it may be tried again";
}

TEST_F(DeliveryProtocol, StreamLostWhileTheOutcomeIsWritten) {
  far_.to_committed();
  far_.run(R"(
    M 250 ok
    X
    D ok
    V release(keep) record(1) ended(250))");
  EXPECT_TRUE(far_.delivery->is_over());
}

TEST_F(DeliveryProtocol, StreamLostUnsettledKeepsTheOutcome) {
  far_.to_committed();
  far_.run(R"(
    M 250 ok
    D ok
    X
    V release(keep) record(1) Final(250) ended(250))");
  EXPECT_TRUE(far_.delivery->is_over());
  EXPECT_EQ(far_.host.end_earlier({transaction_id(1)})->kind, Outcome::Kind::kKnown);
}

TEST_F(DeliveryProtocol, FinishBeforeTheEnd) {
  far_.to_content();
  far_.run(R"(
    E
    V reset release(close) ended(451))");
}

TEST_F(DeliveryProtocol, RecordsOutOfTurn) {
  const char* const at_start[] = {
      "R rcpt TO:<x@birl.example>", "R data", "R content x", "R commit", "R ask 7", "R settled 7"};
  for (const char* record : at_start) {
    SCOPED_TRACE(record);
    FarEnd far;
    far.run(std::string(record) + "\nV reset");
    EXPECT_TRUE(far.delivery->is_over());
  }
  const char* const in_content[] = {"R mail FROM:<>", "R rcpt TO:<x@birl.example>", "R data", "R settled 7"};
  for (const char* record : in_content) {
    SCOPED_TRACE(record);
    FarEnd far;
    far.to_content();
    far.run(std::string(record) + "\nV reset release(close) ended(451)\nW -");
    EXPECT_TRUE(far.delivery->is_over());
  }
  const char* const committed[] = {"R mail FROM:<>", "R content x", "R commit", "R ask 7", "R settled 1"};
  for (const char* record : committed) {
    SCOPED_TRACE(record);
    FarEnd far;
    far.to_committed();
    // The stream goes, but the mail is the MTA's by now.
    far.run(std::string(record) + "\nV reset\nM 250 ok\nV release(keep) record(1)");
  }
}

// P6: what is answered must not come without end.
TEST_F(DeliveryProtocol, WhatIsAnsweredComesOnce) {
  for (const char* record : {"R rcpt TO:<x@birl.example>", "R data"}) {
    SCOPED_TRACE(record);
    FarEnd far;
    far.run(R"(
      R mail FROM:<a@elsewhere.example>
      R rcpt TO:<b@birl.example>
      R data
      V Mail(550) Rcpt(0,550) Data(550))");
    far.run(std::string(record) + "\nV reset ended(550)");
    EXPECT_TRUE(far.delivery->is_over());
  }
  far_.to_content();
  far_.run(R"(
    R ask 7
    V Outcome(unknown)
    R ask 7
    V reset release(close) ended(451))");
}

TEST_F(DeliveryProtocol, BeforeDataThereIsNoContentAndNoEnd) {
  for (const char* record : {"R content x", "R commit", "R ask 7"}) {
    SCOPED_TRACE(record);
    FarEnd far;
    far.run("R mail FROM:<a@elsewhere.example>\nR rcpt TO:<b@birl.example>\nV Mail(550) Rcpt(0,550)");
    far.run(std::string(record) + "\nV reset ended(550)");
    EXPECT_TRUE(far.delivery->is_over());
  }
}

TEST_F(DeliveryProtocol, DataWithoutRecipients) {
  far_.run(R"(
    R mail FROM:<a@tokyo.example>
    K ok
    W MAIL FROM:<a@tokyo.example>
    R data
    V request(tokyo.example) reset release(keep) ended(451)
    W RSET)");
}

TEST_F(DeliveryProtocol, VerdictsFromTheNearSide) {
  far_.to_content();
  far_.record(FinalVerdict{script_reply("250 ok")});
  far_.run("V reset release(close) ended(451)");
  EXPECT_EQ(far_.host.reset_cause, "peer sent a record that only the far side sends");
}

TEST_F(DeliveryProtocol, TooManyRecipients) {
  far_.run("R mail FROM:<a@tokyo.example>\nK ok\nW MAIL FROM:<a@tokyo.example>\nV request(tokyo.example)");
  for (std::size_t i = 0; i < kMaxRecipients; ++i)
    far_.record(Rcpt{"TO:<x@birl.example>"});
  far_.session->output().clear();
  far_.host.log.clear();
  far_.record(Rcpt{"TO:<x@birl.example>"});
  far_.run(R"(
    W RSET
    V reset release(keep) ended(451))");
}

TEST_F(DeliveryProtocol, NearSideFallsSilent) {
  far_.to_content();
  far_.run(R"(
    T 299
    V -
    T 1
    V reset release(close) ended(451))");
}

TEST_F(DeliveryProtocol, GivesCreditOnlyAsTheMtaReads) {
  far_.settings.rules.max_message_bytes = 0;
  far_.to_content();
  const std::size_t before = far_.host.consumed_bytes;
  const std::string line(1022, 'x');
  const std::string record = encode(Content{line + "\r\n"});
  for (int i = 0; i < 100; ++i)
    far_.delivery->receive(record, far_.now);
  const std::size_t taken = far_.host.consumed_bytes - before;
  EXPECT_LT(taken, 70U * 1024);
  EXPECT_FALSE(far_.delivery->wants_step());
  far_.session->output().clear();
  EXPECT_TRUE(far_.delivery->wants_step());
  far_.delivery->step(far_.now);
  EXPECT_EQ(far_.host.consumed_bytes - before, 100 * record.size());
}

}  // namespace
}  // namespace tsmtp::mail
