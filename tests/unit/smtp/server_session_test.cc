#include "relayd/smtp/server_session.h"

#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/smtp/server_script.h"

namespace tsmtp::smtp {
namespace {

using test::play_server;
using test::play_server_in_segments;
using test::reply_of;
using test::test_options;
using Steps = std::vector<std::string>;

/// Greeting and HELO, in front of `rest`.
Steps greeted(Steps rest) {
  Steps steps{"S: 220 birl.tsmtp ESMTP tsmtp", "C: HELO tokyo.example", "S: 250 birl.tsmtp"};
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

/// … and an open transaction with one recipient.
Steps with_recipient(Steps rest) {
  Steps steps = greeted({"C: MAIL FROM:<a@tokyo.example>", "R: MAIL <a@tokyo.example> of tokyo.example",
                         "A: 250 2.1.0 sender ok", "S: 250 2.1.0 sender ok", "C: RCPT TO:<b@birl.example>",
                         "R: RCPT <b@birl.example>", "A: 250 2.1.5 ok", "S: 250 2.1.5 ok"});
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

TEST(ServerSession, CarriesAMailAsSendmailSendsIt) {
  play_server(
      {
          "S: 220 birl.tsmtp ESMTP tsmtp",
          "C: EHLO tokyo.example",
          "S: 250-birl.tsmtp",
          "S: 250-PIPELINING",
          "S: 250-8BITMIME",
          "S: 250-SIZE 1000",
          "S: 250-DSN",
          "S: 250 ENHANCEDSTATUSCODES",
          "C: MAIL From:<a@tokyo.example> SIZE=300 BODY=8BITMIME",
          "R: MAIL <a@tokyo.example> SIZE=300 BODY=8BITMIME of tokyo.example",
          "A: 250 2.1.0 sender ok",
          "S: 250 2.1.0 sender ok",
          "C: RCPT To:<b@birl.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@birl.example",
          "C: RCPT To:<c@birl.example>",
          "C: DATA",
          "R: RCPT <b@birl.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b@birl.example",
          "R: RCPT <c@birl.example>",
          "R: DATA",
          "A: 250 2.1.5 ok",
          "S: 250 2.1.5 ok",
          "A: 550 5.1.1 no such user",
          "S: 550 5.1.1 no such user",
          "A: 354 go ahead",
          "S: 354 go ahead",
          "C: Subject: x",
          "C: ",
          "C: ..dot",
          "C: .",
          "R: CONTENT Subject: x\\r\\n\\r\\n.dot\\r\\n",
          "R: END",
          "A: 250 2.0.0 queued as 1",
          "S: 250 2.0.0 queued as 1",
          "C: QUIT",
          "S: 221 2.0.0 birl.tsmtp closing",
          "R: FINISHED",
      },
      test_options());
}

TEST(ServerSession, SendsRepliesInTheOrderOfCommandsWhateverTheOrderOfAnswers) {
  play_server(greeted({"C: MAIL FROM:<a@x>",
                       "C: RCPT TO:<b@y>",
                       "C: NOOP",
                       "C: RCPT TO:<c@y>",
                       "C: DATA",
                       "R: MAIL <a@x> of tokyo.example",
                       "R: RCPT <b@y>",
                       "R: RCPT <c@y>",
                       "R: DATA",
                       "A3: 354 go",
                       "A2: 250 c",
                       "A1: 550 b",
                       "A: 250 a",
                       "S: 250 a",
                       "S: 550 b",
                       "S: 250 2.0.0 OK",
                       "S: 250 c",
                       "S: 354 go",
                       "C: .",
                       "R: END",
                       "A: 250 done",
                       "S: 250 done"}),
              test_options());
}

TEST(ServerSession, PassesRepliesOnWordForWord) {
  ServerSession session(test_options());
  session.output().clear();
  session.receive("HELO x\r\nMAIL FROM:<>\r\n");
  const auto request = session.next();
  ASSERT_TRUE(request);
  session.output().clear();
  session.reply(std::get<MailRequest>(*request).ticket, Reply{550, {"5.7.1 first", "", "5.7.1  third "}});
  EXPECT_EQ(session.output(), "550-5.7.1 first\r\n550-\r\n550 5.7.1  third \r\n");
}

TEST(ServerSession, AnswersByItselfWhatNeedsNoOwner) {
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp",
               "C: MAIL FROM:<a@x>",
               "S: 503 5.5.1 say EHLO, HELO or LHLO first",
               "C: helo",
               "S: 501 5.5.4 HELO, EHLO and LHLO need a host name",
               "C: hElO tokyo.example",
               "S: 250 birl.tsmtp",
               "C: NOOP whatever",
               "S: 250 2.0.0 OK",
               "C: rset",
               "S: 250 2.0.0 OK",
               "C: VRFY root",
               "S: 252 2.5.2 cannot verify here; the far MTA decides on RCPT",
               "C: HELP",
               "S: 214 2.0.0 tsmtp carries mail to one site; see relayctl status on this hub",
               "C: EXPN staff",
               "S: 502 5.5.1 command not offered here",
               "C: STARTTLS",
               "S: 502 5.5.1 command not offered here",
               "C: AUTH PLAIN AGEAYg==",
               "S: 502 5.5.1 command not offered here",
               "C= BDAT 6 LAST\\r\\nQUIT\\r\\n",
               "S: 502 5.5.1 command not offered here",
               "C: ETRN birl.example",
               "S: 502 5.5.1 command not offered here",
               "C: LHLO tokyo.example",
               "S: 503 5.5.1 this dialogue speaks SMTP",
               "C: GET / HTTP/1.1",
               "S: 500 5.5.1 unknown command",
               "C: ",
               "S: 500 5.5.1 unknown command",
               "C: RCPT TO:<b@y>",
               "S: 503 5.5.1 MAIL first",
               "C: DATA",
               "S: 503 5.5.1 MAIL first"},
              test_options());
}

TEST(ServerSession, RefusesWhatItDoesNotOffer) {
  ServerOptions options;
  options.name = "birl.tsmtp";
  play_server(
      {"S: 220 birl.tsmtp ESMTP tsmtp", "C: EHLO tokyo.example", "S: 250 birl.tsmtp",
       "C: MAIL FROM:<a@x> SIZE=1", "S: 555 5.5.4 parameter \"SIZE=1\" is not offered here",
       "C: MAIL FROM:<a@x>", "R: MAIL <a@x> of tokyo.example", "A: 250 ok", "S: 250 ok",
       "C: RCPT TO:<b@y> NOTIFY=NEVER", "S: 555 5.5.4 parameter \"NOTIFY=NEVER\" is not offered here"},
      options);
}

TEST(ServerSession, RefusesADeclaredSizeOverTheLimit) {
  play_server(
      greeted({"C: MAIL FROM:<a@x> SIZE=1001", "S: 552 5.3.4 message of 1001 bytes is over the limit of 1000",
               "C: MAIL FROM:<a@x> SIZE=1000", "R: MAIL <a@x> SIZE=1000 of tokyo.example", "A: 250 ok",
               "S: 250 ok"}),
      test_options());
  ServerOptions unlimited = test_options();
  unlimited.offered.size = 0;
  play_server(greeted({"C: MAIL FROM:<a@x> SIZE=99999999999999999999",
                       "R: MAIL <a@x> SIZE=99999999999999999999 of tokyo.example", "A: 250 ok", "S: 250 ok"}),
              unlimited);
}

TEST(ServerSession, RefusesNestedMail) {
  play_server(greeted({"C: MAIL FROM:<a@x>", "C: MAIL FROM:<b@x>", "R: MAIL <a@x> of tokyo.example",
                       "A: 250 ok", "S: 250 ok", "S: 503 5.5.1 MAIL was given already"}),
              test_options());
}

TEST(ServerSession, EndsTheTransactionOfARefusedMail) {
  play_server(greeted({"C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "R: MAIL <a@x> of tokyo.example",
                       "R: RCPT <b@y>", "A: 451 later", "S: 451 later", "A: 503 no mail", "S: 503 no mail",
                       "C: RCPT TO:<c@y>", "S: 503 5.5.1 MAIL first", "C: DATA", "S: 503 5.5.1 MAIL first",
                       "C: MAIL FROM:<b@x>", "R: MAIL <b@x> of tokyo.example", "A: 250 ok", "S: 250 ok"}),
              test_options());
}

TEST(ServerSession, TellsWhenATransactionIsAbandoned) {
  for (const auto& [command, answer] : std::vector<std::pair<std::string, std::string>>{
           {"RSET", "250 2.0.0 OK"}, {"HELO tokyo.example", "250 birl.tsmtp"}}) {
    SCOPED_TRACE(command);
    play_server(with_recipient({"C: " + command, "S: " + answer, "R: ABANDONED", "C: RCPT TO:<b@y>",
                                "S: 503 5.5.1 MAIL first", "C: " + command, "S: " + answer}),
                test_options());
  }
}

TEST(ServerSession, KeepsAnswersToAnAbandonedTransactionFromTheNext) {
  play_server(
      greeted({"C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C: RSET", "C: MAIL FROM:<c@x>",
               "R: MAIL <a@x> of tokyo.example", "R: RCPT <b@y>", "R: ABANDONED",
               "R: MAIL <c@x> of tokyo.example", "A: 550 a", "A: 250 b", "A: 250 c", "S: 550 a", "S: 250 b",
               "S: 250 2.0.0 OK", "S: 250 c", "C: DATA", "S: 554 5.5.1 no valid recipients"}),
      test_options());
}

TEST(ServerSession, RefusesDataWithoutRecipientAndEndsTheTransaction) {
  play_server(greeted({"C: MAIL FROM:<a@x>", "R: MAIL <a@x> of tokyo.example", "A: 250 ok", "S: 250 ok",
                       "C: RCPT TO:<b@y>", "R: RCPT <b@y>", "A: 550 no", "S: 550 no", "C: DATA",
                       "S: 554 5.5.1 no valid recipients", "R: ABANDONED", "C: MAIL FROM:<a@x>",
                       "R: MAIL <a@x> of tokyo.example", "A: 250 ok", "S: 250 ok"}),
              test_options());
}

// As with sendmail: what came too early is no reason to lose what is there.
TEST(ServerSession, KeepsTheTransactionWhenDataComesBeforeRcpt) {
  play_server(greeted({"C: MAIL FROM:<a@x>", "R: MAIL <a@x> of tokyo.example", "A: 250 ok", "S: 250 ok",
                       "C: DATA", "S: 554 5.5.1 no valid recipients", "C: RCPT TO:<b@y>", "R: RCPT <b@y>",
                       "A: 250 ok", "S: 250 ok", "C: DATA", "R: DATA", "A: 354 go", "S: 354 go"}),
              test_options());
}

TEST(ServerSession, EndsTheTransactionWhenDataIsRefused) {
  play_server(with_recipient({"C: DATA", "R: DATA", "A: 451 4.3.0 not now", "S: 451 4.3.0 not now", "C: RSET",
                              "S: 250 2.0.0 OK", "C: DATA", "S: 503 5.5.1 MAIL first"}),
              test_options());
}

TEST(ServerSession, LooksAtPipelinedCommandsOnlyBehindTheFinalReply) {
  play_server(with_recipient({"C: DATA", "R: DATA", "A: 354 go", "S: 354 go", "C: x", "C: .",
                              "C: MAIL FROM:<c@x>", "C: QUIT", "R: CONTENT x\\r\\n", "R: END", "A: 250 done",
                              "S: 250 done", "R: MAIL <c@x> of tokyo.example", "A: 250 ok", "S: 250 ok",
                              "S: 221 2.0.0 birl.tsmtp closing", "R: FINISHED"}),
              test_options());
}

TEST(ServerSession, WaitsWithQuitForTheRepliesBeforeIt) {
  play_server(greeted({"C: MAIL FROM:<a@x>", "C: QUIT", "C: NOOP", "R: MAIL <a@x> of tokyo.example",
                       "A: 250 ok", "S: 250 ok", "S: 221 2.0.0 birl.tsmtp closing", "R: FINISHED"}),
              test_options());
}

TEST(ServerSession, EndsWithA421) {
  play_server(greeted({"C: MAIL FROM:<a@x>", "C: RCPT TO:<b@y>", "C: NOOP", "R: MAIL <a@x> of tokyo.example",
                       "R: RCPT <b@y>", "A: 421 4.4.1 birl: link down", "S: 421 4.4.1 birl: link down",
                       "R: FINISHED", "A: 250 too late", "C: NOOP"}),
              test_options());
}

TEST(ServerSession, CanBeClosedAtEveryStep) {
  const std::string text = "421 4.4.2 birl.tsmtp timed out";
  const Steps end{"X: " + text, "S: " + text, "R: FINISHED", "C: NOOP", "X: 421 again"};
  const auto closed = [&](Steps steps) {
    steps.insert(steps.end(), end.begin(), end.end());
    return steps;
  };
  play_server(closed({"S: 220 birl.tsmtp ESMTP tsmtp"}), test_options());
  play_server(closed(greeted({"C= MAIL FR"})), test_options());
  play_server(closed(greeted({"C: MAIL FROM:<a@x>", "C: NOOP", "R: MAIL <a@x> of tokyo.example"})),
              test_options());
  play_server(closed(with_recipient({"C: DATA", "R: DATA"})), test_options());
  play_server(closed(with_recipient({"C: DATA", "R: DATA", "A: 354 go", "S: 354 go", "C= half\\r\\n.",
                                     "R: CONTENT half\\r\\n"})),
              test_options());
  play_server(closed(with_recipient({"C: DATA", "R: DATA", "A: 354 go", "S: 354 go", "C: .", "R: END"})),
              test_options());
  play_server(closed(greeted({"C: MAIL FROM:<a@x>", "C: QUIT", "R: MAIL <a@x> of tokyo.example"})),
              test_options());
}

TEST(ServerSession, RefusesFromTheFirstWord) {
  ServerSession session = ServerSession::refusing(make_reply(421, "4.4.1", "birl: link down"));
  EXPECT_EQ(session.output(), "421 4.4.1 birl: link down\r\n");
  EXPECT_FALSE(session.wants_input());
  session.receive("HELO x\r\n");
  session.close(make_reply(421, "", "again"));
  const auto request = session.next();
  ASSERT_TRUE(request);
  EXPECT_TRUE(std::holds_alternative<Finished>(*request));
  EXPECT_FALSE(session.next());
  EXPECT_EQ(session.output(), "421 4.4.1 birl: link down\r\n");
}

TEST(ServerSession, SaysWhetherATransactionIsOpen) {
  ServerSession session(test_options());
  const auto ticket_of_next = [&] {
    const auto request = session.next();
    if (!request) return Ticket{0};
    if (const auto* mail = std::get_if<MailRequest>(&*request)) return mail->ticket;
    if (const auto* rcpt = std::get_if<RcptRequest>(&*request)) return rcpt->ticket;
    if (const auto* data = std::get_if<DataRequest>(&*request)) return data->ticket;
    if (const auto* end = std::get_if<ContentEnd>(&*request)) return end->tickets[0];
    return Ticket{0};
  };
  session.receive("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@y>\r\nDATA\r\n");
  EXPECT_FALSE(session.in_transaction());
  for (const std::string_view answer : {"250 mail", "250 rcpt", "354 data"}) {
    session.reply(ticket_of_next(), reply_of(answer));
    EXPECT_TRUE(session.in_transaction()) << answer;
  }
  EXPECT_EQ(session.helo(), "x");
  session.receive(".\r\n");
  const Ticket end = ticket_of_next();
  EXPECT_TRUE(session.in_transaction());
  session.reply(end, reply_of("550 no"));
  EXPECT_FALSE(session.in_transaction());
}

std::string written_by(ServerSession& session) {
  while (session.next()) {
  }
  return std::exchange(session.output(), {});
}

TEST(ServerSession, RestsOnlyWhenNothingIsUnderWayAndAllIsWritten) {
  ServerSession session(test_options());
  EXPECT_FALSE(session.resting()) << "its greeting is still to be written";
  (void)written_by(session);
  EXPECT_EQ(session.resting(), Resting());
  session.receive("LHLO x\r\n");
  EXPECT_FALSE(session.resting());
  (void)written_by(session);
  session.receive("NONSENSE\r\nNOOP\r\n");
  (void)written_by(session);
  const Resting rests{.protocol = Resting::Protocol::kLmtp, .helo = "x", .errors = 1, .idle_commands = 2};
  EXPECT_EQ(session.resting(), rests);
  session.receive("NO");
  (void)written_by(session);
  EXPECT_FALSE(session.resting()) << "in the midst of a line";
  session.receive("OP\r\nMAIL FROM:<>\r\n");
  const auto request = session.next();
  ASSERT_TRUE(request);
  session.output().clear();
  EXPECT_FALSE(session.resting()) << "MAIL is to be answered";
  session.reply(std::get<MailRequest>(*request).ticket, reply_of("250 ok"));
  (void)written_by(session);
  EXPECT_FALSE(session.resting()) << "in a transaction";
  session.receive("RSET\r\n");
  (void)written_by(session);
  EXPECT_TRUE(session.resting());
  session.receive("QUIT\r\n");
  (void)written_by(session);
  EXPECT_FALSE(session.resting());
}

TEST(ServerSession, GoesOnWhereAnotherRested) {
  const Resting where{.protocol = Resting::Protocol::kSmtp, .helo = "x", .errors = 0, .idle_commands = 3};
  ServerSession session(test_options(), where);
  EXPECT_EQ(written_by(session), "") << "no second greeting";
  EXPECT_EQ(session.resting(), where);
  session.receive("LHLO y\r\n");
  EXPECT_EQ(written_by(session).substr(0, 4), "503 ");
  session.receive("MAIL FROM:<>\r\n");
  const auto request = session.next();
  ASSERT_TRUE(request);
  EXPECT_EQ(std::get<MailRequest>(*request).helo, "x");
  ServerOptions strict = test_options();
  strict.sessions.max_errors = 3;
  ServerSession wrong_twice(strict, {.protocol = Resting::Protocol::kSmtp, .helo = "x", .errors = 2});
  wrong_twice.receive("NONSENSE\r\n");
  EXPECT_NE(written_by(wrong_twice).find("421 "), std::string::npos);
}

}  // namespace
}  // namespace tsmtp::smtp
