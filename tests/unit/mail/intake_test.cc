// An intake's own limits and manners: greeting, time-outs, size, line ends, pipelining, backpressure,
// shutdown, and what the far side may not do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/mail/near_end.h"

namespace tsmtp::mail {
namespace {

using testing::ElementsAre;

constexpr char kEnvelope[] = R"(
  C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|DATA
  S 250...
  S 250...
  S 354...
  L *)";

TEST(Intake, GreetsAsTheSite) {
  NearEnd near;
  FakeDigests digests;
  Intake intake(near.settings, near.host, digests, {});
  EXPECT_TRUE(intake.output().starts_with("220 birlinghoven.tsmtp ESMTP")) << intake.output();
}

TEST(Intake, RefusesFromTheFirstWord) {
  NearEnd near;
  FakeDigests digests;
  Intake intake(near.settings, near.host, digests, {},
                smtp::make_reply(421, "4.4.1", "birlinghoven: link down"));
  EXPECT_EQ(intake.output(), "421 4.4.1 birlinghoven: link down\r\n");
  EXPECT_TRUE(intake.finished());
  EXPECT_FALSE(intake.wants_input());
}

TEST(Intake, PassesArgumentsOnUntouched) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<"odd one"@tokyo.example> SIZE=10 body=8bitmime RET=HDRS|RCPT TO:<x@Birl.Example> NOTIFY=NEVER
    S 250...
    S 250...
    L Mail Rcpt)");
  EXPECT_THAT(near.host.arguments,
              ElementsAre("tokyo.example FROM:<\"odd one\"@tokyo.example> SIZE=10 body=8bitmime RET=HDRS",
                          "TO:<x@Birl.Example> NOTIFY=NEVER"));
}

TEST(Intake, HasTheWholeMailFromItsEndToItsReply) {
  NearEnd near;
  near.run(kEnvelope);
  near.client("hello\r\n");
  EXPECT_FALSE(near.intake->has_whole_mail());
  near.client(".\r\n");
  EXPECT_TRUE(near.intake->has_whole_mail());
  near.run(R"(
    D ok
    F final 250 2.0.0 ok
    S 250 2.0.0 ok
    L *)");
  EXPECT_FALSE(near.intake->has_whole_mail());
}

TEST(Intake, SaysWhatItSawForTheLog) {
  NearEnd near;
  near.run(kEnvelope);
  near.now += std::chrono::milliseconds(120);
  near.run(R"(
    C hello|.
    D ok
    F final 250 2.0.0 ok
    S 250 2.0.0 ok
    L *)");
  ASSERT_EQ(near.host.summaries.size(), 1U);
  EXPECT_EQ(to_line(near.host.summaries[0]),
            "out birlinghoven 7472616e7361: from=<a@tokyo.example> to=<x@birl.example> size=7 reply=\"250 "
            "2.0.0 ok\" "
            "took=120ms");
}

TEST(Intake, UnstuffsContent) {
  NearEnd near;
  near.run(kEnvelope);
  near.run(R"(
    C ..|.a|...b|.
    L Content record(1))");
  EXPECT_EQ(near.host.content, ".\r\na\r\n..b\r\n");
}

TEST(Intake, EmptyMail) {
  NearEnd near;
  near.run(kEnvelope);
  near.run(R"(
    C .
    L record(1)
    D ok
    L Commit)");
}

TEST(Intake, SizeDeclaredTooLarge) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example> SIZE=1001
    S 552 5.3.4...
    C MAIL FROM:<a@tokyo.example> SIZE=1000
    S 250...
    L Mail)");
}

TEST(Intake, AHubThatIsOutOfMemoryPutsMailsOff) {
  NearEnd near;
  bool is_short = true;
  near.settings.is_short_of_memory = &is_short;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    S 452 4.3.1...)");
  is_short = false;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>
    S 250...
    L Mail)");
}

TEST(Intake, SizeCountedTooLarge) {
  NearEnd near;
  near.run(kEnvelope);
  near.client(std::string(500, 'x') + "\r\n" + std::string(500, 'x') + "\r\n");
  near.run(R"(
    L reset(1)
    C and more|.
    S 552 5.3.4 birlinghoven: message larger than max_message, 1000 bytes
    L ended(552)
    C MAIL FROM:<a@tokyo.example>
    S 250...
    L Mail)");
}

TEST(Intake, NoLimitOnSize) {
  NearEnd near;
  near.settings.rules.max_message_bytes = 0;
  near.run(kEnvelope);
  near.client(std::string(100'000, 'x') + "\r\n.\r\n");
  near.run("L Content record(1)");
}

TEST(Intake, BareLineEnds) {
  for (const char* content : {"a\nb\r\n", "a\rb\r\n", "a\r\n.\nMAIL FROM:<evil@tokyo.example>\r\n",
                              "a\n.\n\r\n", "a\n.\r\nb\r\n", "a\r.\r\r\n"}) {
    SCOPED_TRACE(testing::PrintToString(content));
    NearEnd near;
    near.run(kEnvelope);
    near.client(content);
    near.run(R"(
      C .
      S 554 5.6.0 birlinghoven: content has a CR or LF that is not part of a CRLF (RFC 5321 section 2.3.8)
      L reset(1) ended(554)
      C NOOP
      S 250...)");
  }
}

TEST(Intake, EverythingUpToDataInOneSegment) {
  NearEnd near;
  near.run(R"(
    C RSET|NOOP|MAIL FROM:<>|RCPT TO:<x@birl.example>|DATA
    S 250...
    S 250...
    S 250...
    S 250...
    S 354...
    L Mail Rcpt Data)");
}

TEST(Intake, ContentBehindDataInOneSegmentIsRefused) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<>|RCPT TO:<x@birl.example>|DATA|hello|.
    S 250...
    S 250...
    S 503 5.5.0...
    L Mail Rcpt
    Q clean
    L ended(451) reset(1))");
}

TEST(Intake, EveryByteByItself) {
  NearEnd near;
  near.connect();
  for (const char byte : wire_lines("MAIL FROM:<>|RCPT TO:<x@birl.example>|DATA"))
    near.client(std::string_view(&byte, 1));
  near.run(R"(
    S 250...
    S 250...
    S 354...
    T 1
    L Mail Rcpt Data)");
}

TEST(Intake, ResetGivesTheTransactionUp) {
  NearEnd near;
  near.run(R"(
    C MAIL FROM:<a@tokyo.example>|RCPT TO:<x@birl.example>|RSET
    S 250...
    S 250...
    S 250 2.0.0 OK
    L reset(1)
    C MAIL FROM:<a@tokyo.example>
    S 250...
    L Mail)");
}

TEST(Intake, IdleClient) {
  NearEnd near;
  near.run(R"(
    T 299
    S -
    C NOOP
    S 250...
    T 299
    S -
    T 1
    S 421 4.4.2 birlinghoven: nothing heard from the client for 300 s, closing)");
  EXPECT_TRUE(near.intake->finished());
}

TEST(Intake, ClientHangsInContent) {
  NearEnd near;
  near.run(kEnvelope);
  near.run(R"(
    C half a
    T 300
    S 421 4.4.2...
    L Content ended(451) reset(1)
    Q clean)");
}

TEST(Intake, ClientVanishesInContent) {
  NearEnd near;
  near.run(kEnvelope);
  near.run(R"(
    C half a
    Q clean
    L Content ended(451) reset(1))");
}

TEST(Intake, StopsReadingWhileTheLinkIsSlow) {
  NearEnd near;
  near.run(kEnvelope);
  EXPECT_TRUE(near.intake->wants_input());
  near.host.writable_bytes = 16 * 1024 - 1;
  EXPECT_FALSE(near.intake->wants_input());
  near.host.writable_bytes = 16 * 1024;
  EXPECT_TRUE(near.intake->wants_input());
  near.run("X link down");
  near.host.writable_bytes = 0;
  EXPECT_TRUE(near.intake->wants_input()) << "content that goes nowhere need not wait";
}

TEST(Intake, ShutsDownBetweenMails) {
  NearEnd near;
  near.run(kEnvelope);
  near.intake->shut_down(smtp::make_reply(421, "4.3.2", "shutting down"), near.now);
  near.run(R"(
    S -
    C hello|.
    D ok
    F final 250 ok
    S 250 ok
    S 421 4.3.2 shutting down
    L Content record(1) Commit ended(250)
    Q clean
    L settle(1) Settled(1) finish(1))");
}

TEST(Intake, FarSideBreaksTheProtocol) {
  NearEnd near;
  near.run(kEnvelope);
  near.intake->stream_received(near.host.last_stream, std::string("\x63\0\0\0\0", 5), near.now);
  near.run(R"(
    L reset(1)
    C hello|.
    S 451 4.4.2 birlinghoven: peer sent a record of unknown kind 99
    L ended(451))");
}

TEST(Intake, CreditGoesBackForWhateverComes) {
  NearEnd near;
  near.run(kEnvelope);
  near.intake->stream_received(77, "not ours", near.now);
  near.intake->stream_received(near.host.last_stream, "\x10", near.now);
  EXPECT_EQ(near.host.consumed_bytes, 9U);
}

}  // namespace
}  // namespace tsmtp::mail
