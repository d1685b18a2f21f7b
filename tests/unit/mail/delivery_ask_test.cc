// The near side asks how an earlier try ended, before it commits this one.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

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

/// A rule of the far side that has become another since the earlier try.
struct ChangedRule {
  std::string what;
  void (*change)(FarEnd& far);
  std::string content{};  ///< that it is seen in; else before
};

/// An MTA that takes everything, from whom the delivery gets its connection as soon as it asks.
class WillingMta {
 public:
  explicit WillingMta(FarEnd& far) : far_(far) {}

  void hear(const Record& record) {
    far_.record(record);
    const auto& log = far_.host.log;
    const bool is_asked = std::find(log.begin(), log.end(), "request(tokyo.example)") != log.end();
    if (is_asked && !far_.session && !far_.host.released) far_.connect();
    while (far_.session && !far_.session->output().empty())
      answer(std::exchange(far_.session->output(), {}));
  }
  [[nodiscard]] bool has_mail() const { return has_mail_; }

 private:
  void answer(const std::string& lines) {
    for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1) {
      const std::string word = lines.substr(at, 4);
      has_mail_ = has_mail_ || word == ".\r\n" || lines.find(" LAST", at) != std::string::npos;
      if (word == "DATA") far_.mta_says("354 go\r\n");
      if (word == "MAIL" || word == "RCPT" || word == "RSET" || word == "BDAT") far_.mta_says("250 ok\r\n");
    }
  }

  FarEnd& far_;
  bool has_mail_ = false;
};

const ChangedRule kChangedRules[] = {
    {.what = "sender", .change = [](FarEnd& far) { far.settings.rules.domains = {}; }},
    {.what = "recipient", .change = [](FarEnd& far) { far.settings.rules.local = {}; }},
    {.what = "declared size", .change = [](FarEnd& far) { far.settings.rules.max_message_bytes = 4; }},
    {.what = "counted size",
     .change = [](FarEnd& far) { far.settings.rules.max_message_bytes = 7; },
     .content = "hello hello"},
    {.what = "eight bits",
     .change = [](FarEnd& far) { far.ehlo = "250-birl.example|250-SIZE|250 DSN"; },
     .content = "h\xc3\xa9"},
    {.what = "line ends", .change = [](FarEnd&) {}, .content = "hel\nlo"},
    {.what = "parameter of MAIL", .change = [](FarEnd& far) { far.ehlo = "250-birl.example|250 SIZE"; }},
    {.what = "ledger", .change = [](FarEnd& far) { far.host.trouble = "hub birl: its ledger: full"; }},
    {.what = "given up", .change = [](FarEnd& far) { far.host.disowned.insert(transaction_id(1)); }},
};

// What our own rules refuse now may have been delivered by those of then: what is known of it is told all the
// same, and nothing is delivered.
TEST(DeliveryAskTable, EveryRuleOfOurOwnWithEveryKnowledge) {
  for (const ChangedRule& rule : kChangedRules)
    for (const Outcome::Kind kind : {Outcome::Kind::kKnown, Outcome::Kind::kPending, Outcome::Kind::kUnknown})
      for (const bool chunks : {false, true}) {
        SCOPED_TRACE(testing::Message() << rule.what << ", outcome " << static_cast<int>(kind)
                                        << (chunks ? ", BDAT" : ", DATA"));
        FarEnd far;
        if (kind != Outcome::Kind::kUnknown)
          far.host.outcomes[transaction_id(7)] = {.kind = kind, .reply = script_reply("250 then")};
        rule.change(far);
        if (chunks) far.ehlo = "250-CHUNKING|" + far.ehlo;
        far.delivery.emplace(far.settings, far.host, far.now);
        WillingMta mta(far);
        mta.hear(Mail{.transaction = transaction_id(1),
                      .helo = "tokyo.example",
                      .argument = "FROM:<a@tokyo.example> SIZE=5 RET=HDRS"});
        mta.hear(Rcpt{"TO:<x@birl.example> NOTIFY=NEVER"});
        mta.hear(Data{});
        if (!rule.content.empty()) mta.hear(Content{rule.content + "\r\n"});
        mta.hear(Ask{transaction_id(7)});
        const std::string word = kind == Outcome::Kind::kKnown     ? "known"
                                 : kind == Outcome::Kind::kPending ? "pending"
                                                                   : "unknown";
        EXPECT_THAT(far.host.log, testing::Contains("Outcome(" + word + ')'));
        EXPECT_EQ(far.host.reset_cause, "");
        if (kind != Outcome::Kind::kKnown) mta.hear(Commit{});
        EXPECT_FALSE(mta.has_mail());
        EXPECT_EQ(far.host.summaries.back().reply.is_positive(), kind == Outcome::Kind::kKnown);
        if (testing::Test::HasFailure()) return;
      }
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

TEST_F(DeliveryAsk, TraceIsAnsweredAloneAndOnce) {
  far_.settings.takes_traces = true;
  far_.run("V -");
  far_.record(Trace{transaction_id(7)});
  far_.run("V Traced(unknown)");
  far_.record(Trace{transaction_id(7)});
  far_.run("V reset");
}

TEST_F(DeliveryAsk, TraceWhereNobodyHasSaidThatItMayBe) {
  far_.run("V -");
  far_.record(Trace{transaction_id(7)});
  far_.run("V reset");
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
