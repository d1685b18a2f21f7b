// LMTP (RFC 2033) at the server's end: LHLO chooses it, and every recipient gets its own final reply.
#include <gtest/gtest.h>

#include "tests/unit/smtp/server_script.h"

namespace tsmtp::smtp {
namespace {

using test::play_server;
using test::test_options;
using test::test_options_with_chunking;
using Steps = std::vector<std::string>;

/// LHLO, MAIL and three recipients, the second refused, then `rest`.
Steps with_recipients(Steps rest) {
  Steps steps{"S: 220 birl.tsmtp ESMTP tsmtp",
              "C: LHLO tokyo.example",
              "S: 250-birl.tsmtp",
              "S: 250-PIPELINING",
              "S: 250-8BITMIME",
              "S: 250-SIZE 1000",
              "S: 250-DSN",
              "S: 250-ENHANCEDSTATUSCODES",
              "S: 250-CHUNKING",
              "S: 250 SMTPUTF8",
              "C: MAIL FROM:<a@tokyo.example>",
              "R: MAIL <a@tokyo.example> of tokyo.example by LMTP",
              "A: 250 ok",
              "S: 250 ok",
              "C: RCPT TO:<b@birl.example>",
              "C: RCPT TO:<c@birl.example>",
              "C: RCPT TO:<d@birl.example>",
              "R: RCPT <b@birl.example>",
              "R: RCPT <c@birl.example>",
              "R: RCPT <d@birl.example>",
              "A: 250 b",
              "A: 550 c",
              "A: 250 d",
              "S: 250 b",
              "S: 550 c",
              "S: 250 d"};
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

TEST(ServerLmtp, GivesEachAcceptedRecipientItsVerdict) {
  play_server(
      with_recipients({"C: DATA", "R: DATA", "A: 354 go", "S: 354 go", "C: x", "C: .", "R: CONTENT x\\r\\n",
                       "R: END 2", "A1: 250 for d", "A: 452 for b", "S: 452 for b", "S: 250 for d", "C: QUIT",
                       "S: 221 2.0.0 birl.tsmtp closing", "R: FINISHED"}),
      test_options_with_chunking());
}

TEST(ServerLmtp, GivesVerdictsAfterTheLastChunkToo) {
  play_server(with_recipients({"C= BDAT 3 LAST\\r\\nx\\r\\n", "R: DATA", "A: 354 go", "R: CONTENT x\\r\\n",
                               "R: END 2", "A: 250 for b", "A: 250 for d", "S: 250 for b", "S: 250 for d"}),
              test_options_with_chunking());
}

TEST(ServerLmtp, TellsAllVerdictsBeforeA421Closes) {
  play_server(
      with_recipients({"C: DATA", "R: DATA", "A: 354 go", "S: 354 go", "C: .", "R: END 2", "A: 421 for b",
                       "A: 421 for d", "S: 421 for b", "S: 421 for d", "R: FINISHED"}),
      test_options_with_chunking());
}

TEST(ServerLmtp, RefusesDataWithNobodyToDeliverTo) {
  play_server(
      {"S: 220 birl.tsmtp ESMTP tsmtp", "C: LHLO x", "S: 250-birl.tsmtp", "S: 250-PIPELINING",
       "S: 250-8BITMIME", "S: 250-SIZE 1000", "S: 250-DSN", "S: 250 ENHANCEDSTATUSCODES", "C: MAIL FROM:<>",
       "R: MAIL <> of x by LMTP", "A: 250 ok", "S: 250 ok", "C: DATA", "S: 503 5.5.1 no valid recipients",
       "C: RCPT TO:<b@y>", "R: RCPT <b@y>", "A: 250 ok", "S: 250 ok"},
      test_options());
}

TEST(ServerLmtp, OffersWhatLmtpAsksForWhateverTheFarMtaOffers) {
  ServerOptions options = test_options();
  options.offered = {};
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: LHLO x", "S: 250-birl.tsmtp", "S: 250-PIPELINING",
               "S: 250 ENHANCEDSTATUSCODES"},
              options);
}

TEST(ServerLmtp, OneDialogueSpeaksOneProtocol) {
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: HELO x", "S: 250 birl.tsmtp", "C: LHLO x",
               "S: 503 5.5.1 this dialogue speaks SMTP", "C: MAIL FROM:<>", "R: MAIL <> of x", "A: 250 ok",
               "S: 250 ok"},
              test_options());
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: LHLO",
               "S: 501 5.5.4 HELO, EHLO and LHLO need a host name", "C: HELO x", "S: 250 birl.tsmtp"},
              test_options());
}

}  // namespace
}  // namespace tsmtp::smtp
