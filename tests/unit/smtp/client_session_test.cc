#include "relayd/smtp/client_session.h"

#include <gtest/gtest.h>

#include "tests/unit/smtp/client_script.h"

namespace tsmtp::smtp {
namespace {

using test::play_client;
using Steps = std::vector<std::string>;

/// Greeting and EHLO with (or without) pipelining, in front of `rest`.
Steps ready(Steps rest, bool pipelining = true) {
  Steps steps{"S: 220 hub ESMTP", "C: EHLO tokyo.example"};
  if (pipelining)
    steps.insert(steps.end(), {"S: 250-hub", "S: 250 PIPELINING", "E: ready PIPELINING"});
  else
    steps.insert(steps.end(), {"S: 250 hub", "E: ready"});
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

TEST(ClientSession, PipelinesAMailAndTheNext) {
  play_client({
      "> MAIL FROM:<a@x>",
      "> RCPT TO:<b@y>",
      "> DATA",
      "BUSY",
      "S: 220-hub",
      "S: 220 ESMTP",
      "C: EHLO tokyo.example",
      "S: 250-hub Hello",
      "S: 250-PIPELINING",
      "S: 250-SIZE 1000",
      "S: 250 8BITMIME",
      "E: ready PIPELINING,8BITMIME,SIZE 1000",
      "C: MAIL FROM:<a@x>",
      "C: RCPT TO:<b@y>",
      "C: DATA",
      "> NOOP",  // waits behind DATA
      "S: 250 2.1.0 ok",
      "S: 550-5.1.1 no",
      "S: 550 5.1.1 such user",
      "S: 354 go",
      "E: 1 250 2.1.0 ok",
      "E: 2 550 5.1.1 no / 5.1.1 such user",
      "E: 3 354 go",
      "D: .a\\r\\n",
      "D: b",
      "C: ..a",
      "F:",
      "> RSET",
      "C: b",
      "C: .",
      "C: NOOP",
      "S: 250 2.0.0 queued",
      "E: 5 250 2.0.0 queued",
      "BUSY",
      "S: 250 noop",
      "E: 4 250 noop",
      "C: RSET",
      "S: 250 reset",
      "E: 6 250 reset",
      "IDLE",
  });
}

TEST(ClientSession, WaitsForEachReplyWithoutPipelining) {
  play_client(ready({"IDLE", "> MAIL FROM:<>", "> RCPT TO:<b@y>", "> QUIT", "C: MAIL FROM:<>", "BUSY",
                     "S: 250 a", "E: 1 250 a", "C: RCPT TO:<b@y>", "S: 250 b", "E: 2 250 b", "C: QUIT",
                     "S: 221 bye", "E: 3 221 bye", "IDLE"},
                    false));
}

TEST(ClientSession, GoesOnBehindARefusedData) {
  play_client(ready({"> DATA", "> RSET", "C: DATA", "S: 503 no", "E: 1 503 no", "C: RSET", "S: 250 ok",
                     "E: 2 250 ok", "IDLE"}));
}

TEST(ClientSession, FallsBackToHelo) {
  play_client({"S: 220 old", "C: EHLO tokyo.example", "S: 500 what", "C: HELO tokyo.example", "S: 250-old",
               "S: 250 PIPELINING", "E: ready", "> MAIL FROM:<>", "> RSET", "C: MAIL FROM:<>", "S: 250 a",
               "E: 1 250 a", "C: RSET", "S: 250 b", "E: 2 250 b"});
}

TEST(ClientSession, FailsWhereItIsNotServed) {
  const std::vector<Steps> cases{
      {"S: 421 4.3.2 busy", "E: failed greeting refused: 421 4.3.2 busy (421 4.3.2 busy)"},
      {"S: 554 go away", "E: failed greeting refused: 554 go away (554 go away)"},
      {"S: 220 hub", "C: EHLO tokyo.example", "S: 421 bye", "E: failed EHLO refused: 421 bye (421 bye)"},
      {"S: 220 hub", "C: EHLO tokyo.example", "S: 502 no", "C: HELO tokyo.example", "S: 550 no",
       "E: failed HELO refused: 550 no (550 no)"},
      {"> MAIL FROM:<>", "S: SSH-2.0-OpenSSH", "E: failed not an SMTP reply: \"SSH-2.0-OpenSSH\"", "> NOOP"},
      {"S= 220 h\\0b\\r\\n", "E: failed NUL in a reply"},
  };
  for (const Steps& steps : cases)
    play_client(steps);
}

TEST(ClientSession, DeliversA421ToTheOldestCommandThenFails) {
  play_client(
      ready({"> MAIL FROM:<>", "> RCPT TO:<b@y>", "C: MAIL FROM:<>", "C: RCPT TO:<b@y>", "S: 421 4.3.2 bye",
             "S: 250 late", "E: 1 421 4.3.2 bye", "E: failed server closes (421 4.3.2 bye)", "BUSY"}));
}

TEST(ClientSession, FailsOnRepliesNobodyAskedFor) {
  play_client(ready({"S: 421 idle too long", "E: failed server closes (421 idle too long)"}));
  play_client(ready({"S: 250 what", "E: failed unexpected reply (250 what)"}));
  play_client(ready(
      {"> NOOP", "C: NOOP", "S: 250 a", "S: 250 b", "E: 1 250 a", "E: failed unexpected reply (250 b)"}));
  play_client(ready({"> DATA", "C: DATA", "S: 354 go", "E: 1 354 go", "D: a\\r\\n", "C: a", "S: 552 too much",
                     "E: failed reply in the middle of the content (552 too much)"}));
}

TEST(ClientSession, NeverSendsTwoLinesForOne) {
  for (const std::string line : {"RCPT TO:<b@y>\\r\\nRSET", "NOOP\\n", "NOOP\\r", "NOOP\\0"})
    play_client(ready({"> " + line, "E: failed a command that holds a line end or NUL is not sent"}));
  ClientSession session("x\r\nMAIL FROM:<>");
  session.receive("220 hub\r\n");
  EXPECT_EQ(session.output(), "");
  const auto event = session.next_event();
  ASSERT_TRUE(event);
  EXPECT_TRUE(std::holds_alternative<Failed>(*event));
}

TEST(ClientSession, RefusesContentWithBareLineEnds) {
  for (const std::string_view content : {"a\nb", "a\r", "\n.\n"}) {
    ClientSession session("x");
    session.receive("220 hub\r\n250 hub\r\n");
    session.send("DATA", 1);
    session.receive("354 go\r\n");
    session.output().clear();
    const bool taken = session.content(content) && session.finish_content(2);
    EXPECT_FALSE(taken);
    EXPECT_EQ(session.output().find(".\r\n"), std::string::npos);
  }
}

TEST(ClientSession, SendsContentInChunks) {
  play_client({"S: 220 hub",
               "C: EHLO tokyo.example",
               "S: 250-hub",
               "S: 250-PIPELINING",
               "S: 250 CHUNKING",
               "E: ready PIPELINING,CHUNKING",
               "CHUNKS",
               "BUSY",
               "D: .\\r\\n",
               "D: .\\r\\nb",
               "F:",
               "> MAIL FROM:<c@x>",
               "C: BDAT 7 LAST",
               "C: .",
               "C: .",
               "C: bMAIL FROM:<c@x>",
               "S: 250 queued",
               "S: 250 ok",
               "E: 2 250 queued",
               "E: 3 250 ok",
               "IDLE"});
}

TEST(ClientSession, SendsAnEmptyMailAsAnEmptyChunk) {
  play_client(ready({"CHUNKS", "F:", "C: BDAT 0 LAST", "S: 250 queued", "E: 2 250 queued", "IDLE"}));
}

TEST(ClientSession, RefusesBareLineEndsInChunks) {
  for (const char* bad : {"BAD: a\\nb", "BAD: a\\rb", "BAD: \\n"})
    play_client(ready({"CHUNKS", bad, "GIVEUP", "> RSET", "C: RSET", "S: 250 ok", "E: 2 250 ok", "IDLE"}));
}

TEST(ClientSession, SendsLongContentInSeveralChunksAndHoldsThemWithoutPipelining) {
  for (const bool pipelining : {false, true}) {
    ClientSession session("tokyo.example");
    session.receive(std::string("220 hub\r\n250-hub\r\n250 ") + (pipelining ? "PIPELINING" : "CHUNKING") +
                    "\r\n");
    session.output().clear();
    session.begin_chunks(7);
    const std::string piece(40'000, 'x');
    for (int i = 0; i < 4; ++i)
      ASSERT_TRUE(session.content(piece));
    ASSERT_TRUE(session.finish_content(8));
    const std::string one = "BDAT 80000\r\n" + piece + piece;
    EXPECT_TRUE(session.output() == (pipelining ? one + one : one));
    EXPECT_GE(session.unsent_bytes(), 2 * one.size());
    session.output().clear();
    session.receive("250 first\r\n");
    EXPECT_TRUE(session.output() == (pipelining ? "" : one));
    session.output().clear();
    session.receive("250 second\r\n");
    EXPECT_EQ(session.output(), "BDAT 0 LAST\r\n") << "only now";
    session.receive("250 queued\r\n");
    std::vector<Tag> tags;
    while (const auto event = session.next_event())
      if (const auto* answer = std::get_if<Answer>(&*event)) tags.push_back(answer->tag);
    EXPECT_EQ(tags, (std::vector<Tag>{7, 7, 8}));
  }
}

TEST(ClientSession, StoppedItSendsNothingMoreAndKnowsWhatItStillAwaits) {
  ClientSession session("tokyo.example");
  session.receive("220 birl.example\r\n250 birl.example\r\n");
  session.send("MAIL FROM:<a@tokyo.example>", 1);
  session.send("RCPT TO:<x@birl.example>", 2);
  EXPECT_TRUE(session.is_fresh());
  session.output().clear();
  session.stop();
  EXPECT_TRUE(session.awaits_reply());
  session.receive("250 ok\r\n");
  EXPECT_EQ(session.output(), "");
  EXPECT_FALSE(session.awaits_reply());
  EXPECT_FALSE(session.is_fresh());
}

TEST(ClientSession, ARefusedChunkKeepsTheLastOneBack) {
  ClientSession session("tokyo.example");
  session.receive("220 hub\r\n250-hub\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
  session.begin_chunks(7);
  ASSERT_TRUE(session.content(std::string(70'000, 'x')));
  ASSERT_TRUE(session.finish_content(8));
  session.output().clear();
  session.receive("452 4.3.1 disk full\r\n");
  session.send("RSET", 9);
  EXPECT_EQ(session.output(), "RSET\r\n");
}

}  // namespace
}  // namespace tsmtp::smtp
