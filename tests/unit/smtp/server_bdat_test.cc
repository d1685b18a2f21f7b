// BDAT (RFC 3030) at the server's end.
#include <gtest/gtest.h>

#include "tests/unit/smtp/server_script.h"

namespace tsmtp::smtp {
namespace {

using test::play_server;
using test::play_server_in_segments;
using test::reply_of;
using test::test_options;
using test::test_options_with_chunking;
using test::unescaped;
using Steps = std::vector<std::string>;

Steps greeted(Steps rest) {
  Steps steps{"S: 220 birl.tsmtp ESMTP tsmtp", "C: HELO x", "S: 250 birl.tsmtp"};
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

Steps with_recipient(Steps rest) {
  Steps steps = greeted({"C: MAIL FROM:<a@x>", "R: MAIL <a@x> of x", "A: 250 ok", "S: 250 ok",
                         "C: RCPT TO:<b@y>", "R: RCPT <b@y>", "A: 250 ok", "S: 250 ok"});
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

void play(const Steps& steps) {
  play_server(steps, test_options_with_chunking());
}

TEST(ServerBdat, CarriesAMailInOneChunk) {
  play(with_recipient({"C= BDAT 9 LAST\\r\\n.\\r\\n.\\r\\nx\\r\\n", "R: DATA", "A: 354 go",
                       "R: CONTENT .\\r\\n.\\r\\nx\\r\\n", "R: END", "A: 250 queued", "S: 250 queued",
                       "C: NOOP", "S: 250 2.0.0 OK"}));
}

TEST(ServerBdat, CarriesAMailInSeveralPipelinedChunks) {
  play(with_recipient({"C= BDAT 2\\r\\na\\rBDAT 0\\r\\nbdat 3\\r\\n\\n.\\rBDAT 1 last\\r\\n\\n", "R: DATA",
                       "A: 354 go", "S: 250 2.0.0 2 bytes received", "S: 250 2.0.0 0 bytes received",
                       "S: 250 2.0.0 3 bytes received", "R: CONTENT a\\r\\n.\\r\\n", "R: END",
                       "A: 250 queued", "S: 250 queued"}));
}

TEST(ServerBdat, EndsWithAnEmptyLastChunk) {
  play(with_recipient({"C= BDAT 3\\r\\na\\r\\n", "R: DATA", "A: 354 go", "R: CONTENT a\\r\\n",
                       "S: 250 2.0.0 3 bytes received", "C: BDAT 0 LAST", "R: END", "A: 250 queued",
                       "S: 250 queued"}));
  play(with_recipient({"C: BDAT 0 LAST", "R: DATA", "A: 354 go", "R: END", "A: 250 empty", "S: 250 empty"}));
}

TEST(ServerBdat, WaitsWithTheChunkUntilItIsWanted) {
  play(with_recipient({"C= BDAT 3 LAST\\r\\na\\r\\nQUIT\\r\\n", "R: DATA", "A: 354 go", "R: CONTENT a\\r\\n",
                       "R: END", "A: 250 queued", "S: 250 queued", "S: 221 2.0.0 birl.tsmtp closing",
                       "R: FINISHED"}));
}

TEST(ServerBdat, NothingInAChunkIsACommand) {
  play(with_recipient({"C= BDAT 24\\r\\n\\r\\n.\\r\\nMAIL FROM:<e@v>\\r\\n", "R: DATA",
                       "A: 451 4.3.0 not now", "C= \\r\\n", "S: 451 4.3.0 not now", "C: MAIL FROM:<a@x>",
                       "R: MAIL <a@x> of x", "A: 250 ok", "S: 250 ok"}));
}

TEST(ServerBdat, ARefusedChunkEndsTheMailAndLaterOnesAreThrownAway) {
  play(with_recipient({"C= BDAT 3\\r\\nabcBDAT 6 LAST\\r\\nQUIT\\r\\nNOOP\\r\\n", "R: DATA",
                       "A: 550 5.7.1 no", "S: 550 5.7.1 no", "S: 503 5.5.1 MAIL first", "S: 250 2.0.0 OK"}));
}

TEST(ServerBdat, A421ToAChunkCloses) {
  play_server_in_segments(with_recipient({"C= BDAT 3 LAST\\r\\nabc", "R: DATA", "A: 421 4.3.2 down",
                                          "S: 421 4.3.2 down", "R: FINISHED"}),
                          test_options_with_chunking());
}

TEST(ServerBdat, ReportsBareLineEnds) {
  for (const char* content : {"a\\nb", "a\\rb", "ab\\r", "\\n.\\n"}) {
    const std::string size = std::to_string(unescaped(content).size());
    play(with_recipient({"C= BDAT " + size + " LAST\\r\\n" + content, "R: DATA", "A: 354 go",
                         std::string("R: CONTENT ") + content, "R: END bare", "A: 554 no", "S: 554 no"}));
  }
}

TEST(ServerBdat, OutOfTurn) {
  play(greeted(
      {"C= BDAT 4\\r\\nNOOPBDAT 4 LAST\\r\\nQUIT", "S: 503 5.5.1 MAIL first", "S: 503 5.5.1 MAIL first"}));
  play(greeted({"C: MAIL FROM:<a@x>", "R: MAIL <a@x> of x", "A: 250 ok", "S: 250 ok",
                "C= BDAT 4 LAST\\r\\nQUIT", "R: ABANDONED", "S: 503 5.5.1 no valid recipients"}));
  play(with_recipient({"C= BDAT 3\\r\\na\\r\\n", "R: DATA", "A: 354 go", "R: CONTENT a\\r\\n",
                       "S: 250 2.0.0 3 bytes received", "C: DATA",
                       "S: 503 5.5.1 DATA behind BDAT is out of turn", "C: RCPT TO:<c@y>",
                       "S: 503 5.5.1 RCPT behind BDAT is out of turn", "C: MAIL FROM:<a@x>",
                       "S: 503 5.5.1 MAIL was given already", "C: RSET", "R: ABANDONED", "S: 250 2.0.0 OK"}));
}

TEST(ServerBdat, ASizeThatCannotBeReadCloses) {
  for (const char* bad : {"BDAT", "BDAT LAST", "BDAT -1", "BDAT 1x", "BDAT 1 FIRST", "BDAT 1LAST",
                          "BDAT 1 LAST LAST", "BDAT 99999999999999999999", "BDAT +1", "BDAT 0x10"})
    play(with_recipient(
        {std::string("C: ") + bad, "S: 501 5.5.4 the form is BDAT size [LAST]; closing", "R: FINISHED"}));
}

TEST(ServerBdat, NotOfferedIsThrownAway) {
  play_server(with_recipient({"C= BDAT 6 LAST\\r\\nQUIT\\r\\nNOOP\\r\\n",
                              "S: 502 5.5.1 command not offered here", "S: 250 2.0.0 OK"}),
              test_options());
}

TEST(ServerBdat, HoldsNoMoreOfAChunkThanOfOtherContent) {
  ServerSession session(test_options_with_chunking());
  session.receive(
      unescaped("HELO x\\r\\nMAIL FROM:<a@x>\\r\\nRCPT TO:<b@y>\\r\\nBDAT 1000000000 LAST\\r\\n"));
  while (const auto request = session.next())
    if (const auto* mail = std::get_if<MailRequest>(&*request)) {
      session.reply(mail->ticket, reply_of("250 ok"));
    } else if (const auto* rcpt = std::get_if<RcptRequest>(&*request)) {
      session.reply(rcpt->ticket, reply_of("250 ok"));
    }
  const std::string piece(65'536, 'x');
  ASSERT_TRUE(session.wants_input());
  session.receive(piece);
  EXPECT_FALSE(session.next()) << "the first BDAT is not yet answered";
  EXPECT_FALSE(session.wants_input()) << "and its chunk waits in the client";
}

}  // namespace
}  // namespace tsmtp::smtp
