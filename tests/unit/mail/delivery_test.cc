// The far side, row by row of what an MTA may do: its words go back, and nothing reaches it that it has not
// asked for.
#include <gtest/gtest.h>

#include "tests/unit/mail/far_end.h"

namespace tsmtp::mail {
namespace {

// Everything that an early near side sends at once for one recipient, up to the end of content.
constexpr char kAtOnce[] = R"(
  R mail FROM:<a@tokyo.example>
  R rcpt TO:<x@birl.example>
  R data
  R content hello
  R commit
  V request(tokyo.example)
  K ok
  W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA)";

constexpr char kTwo[] = R"(
  R mail FROM:<a@tokyo.example>
  R rcpt TO:<x@birl.example>
  R rcpt TO:<y@birl.example>
  R data
  V request(tokyo.example)
  K ok
  W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RCPT TO:<y@birl.example>|DATA)";

TEST(Delivery, Accepted) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250 2.1.0 ok
    V Mail(250)
    M 250 2.1.5 ok
    V Rcpt(0,250)
    M 354 go
    V Data(354)
    W hello|.
    M 250 2.0.0 queued as 17
    # Written before it is reported.
    V release(keep) record(1)
    D ok
    V Final(250) ended(250)
    R settled 1
    V forget(1)
    E
    V finish)");
  EXPECT_TRUE(far.delivery->is_over());
  EXPECT_EQ(far.host.replies.back(), script_reply("250 2.0.0 queued as 17"));
}

// A small mail's content is written with its end, in one piece.
TEST(Delivery, OnlySmallContentWaitsForItsEnd) {
  FarEnd far;
  far.settings.rules.max_message_bytes = 0;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    V request(tokyo.example)
    K ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
    M 250 ok|250 ok
    V Mail(250) Rcpt(0,250))");
  EXPECT_FALSE(far.delivery->gathers_content()) << "DATA must go out";
  far.run(R"(
    M 354 go
    V Data(354))");
  EXPECT_TRUE(far.delivery->gathers_content());
  far.record(Content{"hello\r\n"});
  EXPECT_TRUE(far.delivery->gathers_content());
  far.record(Content{std::string(20'000, 'x')});
  EXPECT_FALSE(far.delivery->gathers_content());
  far.session->output().clear();
  far.record(Content{"\r\n"});
  EXPECT_TRUE(far.delivery->gathers_content());
  far.record(Commit{});
  EXPECT_FALSE(far.delivery->gathers_content());
}

TEST(Delivery, RepliesWordForWord) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250-one|250  two |250 ok|354 go
    V Mail(250) Rcpt(0,250) Data(354)
    W hello|.
    M 550-5.7.1 three|550
    V release(keep) Final(550) ended(550))");
  EXPECT_EQ(far.host.replies.front(), script_reply("250 one| two "));
  EXPECT_EQ(far.host.replies.back(), script_reply("550 5.7.1 three|"));
}

TEST(Delivery, AllBytesOfTheMtaInOneSegmentOrOneByOne) {
  FarEnd far;
  far.run(kAtOnce);
  for (const char byte : wire_lines("250 ok|250 ok|354 go"))
    far.mta_says(std::string_view(&byte, 1));
  far.run(R"(
    V Mail(250) Rcpt(0,250) Data(354)
    W hello|.)");
}

TEST(Delivery, RefusedMail) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 550 5.1.8 no|503 MAIL first|503 MAIL first
    V Mail(550) Rcpt(0,503) release(keep) Data(550) Final(550) ended(550)
    W RSET)");
  EXPECT_EQ(far.host.replies.back(), script_reply("550 5.1.8 no"));
}

TEST(Delivery, RefusedSomeRecipients) {
  FarEnd far;
  far.run(kTwo);
  far.run(R"(
    M 250 ok|550 5.1.1 no x|250 y|354 go
    V Mail(250) Rcpt(0,550) Rcpt(1,250) Data(354)
    R content hello
    R commit
    W hello|.
    M 250 ok
    V release(keep) record(1))");
}

TEST(Delivery, RefusedAllRecipients) {
  FarEnd far;
  far.run(kTwo);
  far.run(R"(
    M 250 ok|550 5.1.1 no x|551 5.1.1 no y|554 no valid recipients
    V Mail(250) Rcpt(0,550) Rcpt(1,551) release(keep) Data(550)
    W RSET
    R content hello
    R commit
    V Final(550) ended(550))");
}

TEST(Delivery, GoesAheadWithNobodyAccepted) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250 ok|550 5.1.1 no x|354 go, for nobody
    V Mail(250) Rcpt(0,550) release(close) Data(550) Final(550) ended(550)
    W -)");
}

TEST(Delivery, RefusedBeforeDataIsAsked) {
  FarEnd far;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    K ok
    W MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>
    M 250 ok|550 5.1.1 no x
    R data
    V request(tokyo.example) Mail(250) Rcpt(0,550) release(keep) Data(550)
    W RSET)");
}

TEST(Delivery, RefusedData) {
  FarEnd far;
  far.run(kAtOnce);
  // The MTA still holds the envelope: the connection is only fit for another mail after RSET.
  far.run(R"(
    M 250 ok|250 ok|451 4.3.0 no space
    V Mail(250) Rcpt(0,250) release(keep) Data(451) Final(451) ended(451)
    W RSET)");
}

TEST(Delivery, DataAnsweredWith250IsNoYes) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250 ok|250 ok|250 2.0.0 ok
    V Mail(250) Rcpt(0,250) release(keep) Data(451) Final(451) ended(451)
    W RSET)");
}

TEST(Delivery, DataAnsweredWithAnother3yz) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250 ok|250 ok|334 what
    V Mail(250) Rcpt(0,250) release(keep) Data(451) Final(451) ended(451)
    W RSET)");
}

TEST(Delivery, IntermediateWhereFinalIsDue) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 354 go|354 go|354 go
    V Mail(451) Rcpt(0,451) release(close) Data(451) Final(451) ended(451))");
}

TEST(Delivery, IntermediateAtTheEnd) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250 ok|250 ok|354 go
    W hello|.
    M 354 go on
    V Mail(250) Rcpt(0,250) Data(354) release(keep) Final(451) ended(451))");
}

TEST(Delivery, RefusedContent) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250 ok|250 ok|354 go
    W hello|.
    M 554 5.7.1 spam
    V Mail(250) Rcpt(0,250) Data(354) release(keep) Final(554) ended(554))");
}

TEST(Delivery, NoConnection) {
  FarEnd far;
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    R content hello
    R commit
    V request(tokyo.example)
    K 451 4.4.1 birlinghoven: its MTA: Connection refused, 127.0.0.1:25
    V release(close) Mail(451) Rcpt(0,451) Data(451) Final(451) ended(451))");
}

TEST(Delivery, CommandsOneByOneWithoutPipelining) {
  FarEnd far;
  far.ehlo = "250 birl.example";
  far.run(R"(
    R mail FROM:<a@tokyo.example>
    R rcpt TO:<x@birl.example>
    R data
    R content hello
    R commit
    K ok
    W MAIL FROM:<a@tokyo.example>
    M 250 ok
    W RCPT TO:<x@birl.example>
    M 250 ok
    W DATA
    M 354 go
    W hello|.
    V *)");
}

TEST(Delivery, ParametersThatTheMtaDoesNotOfferAnyMore) {
  FarEnd far;
  far.ehlo = "250-birl.example|250 PIPELINING";
  far.run(R"(
    R mail FROM:<a@tokyo.example> BODY=8BITMIME
    R rcpt TO:<x@birl.example>
    R data
    R commit
    K ok
    W RSET
    V request(tokyo.example) release(keep) Mail(451) Rcpt(0,451) Data(451) Final(451) ended(451))");
}

struct Broken {
  const char* name;
  const char* said;   // by the MTA before
  const char* seen;   // by the near side, first of all
  const char* after;  // and then
};

const Broken kBroken[] = {
    {"BeforeMail", "", "", "release(close) Mail(451) Rcpt(0,451) Data(451) Final(451) ended(451)"},
    {"AfterMail", "250 ok", "Mail(250)", "release(close) Rcpt(0,451) Data(451) Final(451) ended(451)"},
    {"AfterRcpt", "250 ok|250 ok", "Mail(250) Rcpt(0,250)", "release(close) Data(451) Final(451) ended(451)"},
    {"AfterCommit", "250 ok|250 ok|354 go", "Mail(250) Rcpt(0,250) Data(354)",
     "release(close) Final(451) ended(451)"},
};

class ConnectionBreaks : public testing::TestWithParam<Broken> {};

TEST_P(ConnectionBreaks, IsToldWith451) {
  FarEnd far;
  far.run(kAtOnce);
  far.host.log.clear();
  if (*GetParam().said != '\0') far.mta_says(wire_lines(GetParam().said));
  far.session->output().clear();
  far.run(std::string("V ") + (*GetParam().seen != '\0' ? GetParam().seen : "-"));
  far.run(std::string("B reset by peer\nV ") + GetParam().after);
}

TEST_P(ConnectionBreaks, Slow) {
  FarEnd far;
  far.run(kAtOnce);
  if (*GetParam().said != '\0') far.mta_says(wire_lines(GetParam().said));
  far.session->output().clear();
  far.host.log.clear();
  const bool committed = std::string(GetParam().name) == "AfterCommit";
  far.run(committed ? "T 599" : "T 299");
  far.run(std::string("T 1\nV ") + GetParam().after);
}

INSTANTIATE_TEST_SUITE_P(Delivery, ConnectionBreaks, testing::ValuesIn(kBroken),
                         [](const auto& param) { return std::string(param.param.name); });

TEST(Delivery, ConnectionBreaksInContent) {
  FarEnd far;
  far.run(kTwo);
  far.run(R"(
    M 250 ok|250 ok|250 ok|354 go
    R content hello
    W hello
    B reset by peer
    R content more
    R commit
    V Mail(250) Rcpt(0,250) Rcpt(1,250) Data(354) release(close) Final(451) ended(451))");
}

TEST(Delivery, Closes421AtMail) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 421 4.3.2 shutting down
    V Mail(421) release(close) Rcpt(0,421) Data(421) Final(421) ended(421))");
}

TEST(Delivery, Closes421AtRcpt) {
  FarEnd far;
  far.run(kTwo);
  far.run(R"(
    M 250 ok|250 ok|421 4.3.2 shutting down
    V Mail(250) Rcpt(0,250) Rcpt(1,421) release(close) Data(421)
    R commit
    V Final(421) ended(421))");
}

TEST(Delivery, Closes421AtData) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250 ok|250 ok|421 4.3.2 shutting down
    V Mail(250) Rcpt(0,250) release(keep) Data(421) Final(421) ended(421))");
}

TEST(Delivery, Closes421InContent) {
  FarEnd far;
  far.run(kTwo);
  far.run(R"(
    M 250 ok|250 ok|250 ok|354 go
    R content hello
    W hello
    M 421 4.3.2 shutting down
    R commit
    V Mail(250) Rcpt(0,250) Rcpt(1,250) Data(354) release(close) Final(421) ended(421))");
}

TEST(Delivery, Closes421AtTheEnd) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M 250 ok|250 ok|354 go
    W hello|.
    M 421 4.3.2 shutting down
    V Mail(250) Rcpt(0,250) Data(354) release(keep) Final(421) ended(421))");
}

TEST(Delivery, NotSmtp) {
  FarEnd far;
  far.run(kAtOnce);
  far.run(R"(
    M HTTP/1.1 400 Bad Request
    V release(close) Mail(451) Rcpt(0,451) Data(451) Final(451) ended(451))");
}

}  // namespace
}  // namespace tsmtp::mail
