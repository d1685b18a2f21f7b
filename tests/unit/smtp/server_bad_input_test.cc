// What a broken or hostile client sends to the intake (issue 2, "Bad input"; CVE-2023-51764, -51765, -51766).
#include <gtest/gtest.h>

#include <random>
#include <type_traits>
#include <utility>

#include "relayd/smtp/server_session.h"
#include "tests/unit/smtp/server_script.h"

namespace tsmtp::smtp {
namespace {

using test::play_server;
using test::play_server_in_segments;
using test::reply_of;
using test::test_options;
using Steps = std::vector<std::string>;

Steps in_content(Steps rest) {
  Steps steps{"S: 220 birl.tsmtp ESMTP tsmtp",
              "C: HELO x",
              "S: 250 birl.tsmtp",
              "C: MAIL FROM:<a@x>",
              "R: MAIL <a@x> of x",
              "A: 250 ok",
              "S: 250 ok",
              "C: RCPT TO:<b@y>",
              "R: RCPT <b@y>",
              "A: 250 ok",
              "S: 250 ok",
              "C: DATA",
              "R: DATA",
              "A: 354 go",
              "S: 354 go"};
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

TEST(ServerBadInput, RefusesLinesThatDoNotEndInCrlf) {
  const std::string bare = "S: 500 5.5.2 CR or LF alone in a command line; lines end with CRLF";
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C= NOOP\\n", bare, "C= NOOP\\rNOOP\\r\\n", bare,
               "C= NOOP\\r\\r\\n", bare, "C= \\n", bare, "C= NO\\0OP\\r\\n",
               "S: 500 5.5.2 NUL in a command line", "C: NOOP", "S: 250 2.0.0 OK"},
              test_options());
}

TEST(ServerBadInput, RefusesOverlongLinesWhole) {
  ServerOptions options = test_options();
  options.max_line_bytes = 20;
  const std::string too_long = "S: 500 5.5.2 command line longer than 20 bytes";
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: NOOP 67890123456789", too_long, "C: NOOP 6789012345678",
               "S: 250 2.0.0 OK", "C: NOOP " + std::string(100'000, 'x') + " QUIT", too_long, "C: NOOP",
               "S: 250 2.0.0 OK"},
              options);
}

TEST(ServerBadInput, NeverKeepsAnOverlongLine) {
  ServerSession session(test_options());
  const std::string chunk(65'536, 'x');
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(session.wants_input());
    session.receive(chunk);
    ASSERT_FALSE(session.next());
  }
}

TEST(ServerBadInput, ClosesAfterTooManyErrors) {
  ServerOptions options = test_options();
  options.sessions.max_errors = 3;
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: A", "C: NOOP", "C: B", "C: C", "C: NOOP", "C: D",
               "S: 500 5.5.1 unknown command", "S: 250 2.0.0 OK", "S: 500 5.5.1 unknown command",
               "S: 500 5.5.1 unknown command", "S: 421 4.7.0 birl.tsmtp too many errors", "R: FINISHED"},
              options);
}

TEST(ServerBadInput, ClosesAfterTooManyCommandsThatDoNothing) {
  ServerOptions options = test_options();
  options.sessions.max_errors = 2;
  options.max_idle_commands = 2;
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: NOOP", "C: RSET", "C: HELO x", "C: NOOP", "C: NOOP",
               "S: 250 2.0.0 OK", "S: 250 2.0.0 OK", "S: 250 birl.tsmtp", "S: 250 2.0.0 OK",
               "S: 421 4.7.0 birl.tsmtp too many errors", "R: FINISHED"},
              options);
}

TEST(ServerBadInput, LimitsRecipients) {
  ServerOptions options = test_options();
  options.sessions.max_recipients = 2;
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp",
               "C: HELO x",
               "S: 250 birl.tsmtp",
               "C: MAIL FROM:<>",
               "C: RCPT TO:<a@y>",
               "C: RCPT TO:<b@y>",
               "R: MAIL <> of x",
               "R: RCPT <a@y>",
               "R: RCPT <b@y>",
               "A: 250 ok",
               "A: 550 no",
               "A: 250 ok",
               "S: 250 ok",
               "S: 550 no",
               "S: 250 ok",
               "C: RCPT TO:<c@y>",
               "C: RCPT TO:<d@y>",
               "R: RCPT <c@y>",
               "A: 250 ok",
               "S: 250 ok",
               "S: 452 4.5.3 more than 2 recipients"},
              options);
}

TEST(ServerBadInput, RefusesBadHelloNames) {
  const std::string bad = "S: 501 5.5.4 HELO, EHLO and LHLO need a host name";
  play_server(
      {"S: 220 birl.tsmtp ESMTP tsmtp", "C: EHLO", bad, "C: EHLO two words", bad, "C: EHLO caf\xc3\xa9", bad,
       "C: HELO " + std::string(256, 'x'), bad, "C: HELO [192.0.2.1]", "S: 250 birl.tsmtp"},
      test_options());
}

// As sendmail 8.17 and 8.18 do.
TEST(ServerBadInput, TakesTheHelloNamesThatSendmailTakes) {
  const std::string bad = "S: 501 5.5.4 HELO, EHLO and LHLO need a host name";
  for (const std::string name :
       {"a,b", "a/b", "a@b", "a+b", "a=b", "<a>", "\"a\"", "a;b", "a%b", "a!b", "(a)"})
    play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: EHLO " + name, bad}, test_options());
  for (const std::string name : {"mx.tokyo.example", "my_host", "[127.0.0.1]", "[IPv6:2001:db8::1]",
                                 "localhost", "a-b.", "12345", "#1"})
    play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: HELO " + name, "S: 250 birl.tsmtp"}, test_options());
}

TEST(ServerBadInput, RefusesBadAddressesAndParameters) {
  play_server({"S: 220 birl.tsmtp ESMTP tsmtp", "C: HELO x", "S: 250 birl.tsmtp", "C: MAIL a@x",
               "S: 501 5.5.4 the form is MAIL FROM:<address>", "C: MAIL FROM:<a@x",
               "S: 501 5.1.7 the address has no closing >", "C: MAIL FROM:<a@x> SIZE=abc",
               "S: 501 5.5.4 bad value in parameter \"SIZE=abc\"", "C: MAIL FROM:<>", "R: MAIL <> of x",
               "A: 250 ok", "S: 250 ok", "C: RCPT TO:<>", "S: 501 5.1.3 <> cannot be a recipient",
               "C: DATA now", "S: 501 5.5.4 DATA has no argument"},
              test_options());
}

TEST(ServerBadInput, ClosesOnBytesBehindData) {
  Steps start{"S: 220 birl.tsmtp ESMTP tsmtp",
              "C: HELO x",
              "S: 250 birl.tsmtp",
              "C: MAIL FROM:<>",
              "R: MAIL <> of x",
              "A: 250 ok",
              "S: 250 ok"};
  Steps at_once = start;
  at_once.insert(at_once.end(), {"C: RCPT TO:<b@y>", "C: DATA", "C: Subject: early", "C: .", "C: QUIT",
                                 "R: RCPT <b@y>", "A: 250 ok", "S: 250 ok",
                                 "S: 503 5.5.0 bytes behind DATA before its reply; closing", "R: FINISHED"});
  play_server_in_segments(at_once, test_options());

  Steps later = start;
  later.insert(later.end(), {"C: RCPT TO:<b@y>", "C: DATA", "R: RCPT <b@y>", "R: DATA", "C: Subject: early",
                             "A: 250 ok", "S: 250 ok", "A: 354 go",
                             "S: 503 5.5.0 bytes behind DATA before its 354; closing", "R: FINISHED"});
  play_server(later, test_options());

  Steps refused = start;  // then nothing stands in doubt: they are commands
  refused.insert(refused.end(), {"C: RCPT TO:<b@y>", "C: DATA", "R: RCPT <b@y>", "R: DATA", "C: RSET",
                                 "A: 250 ok", "S: 250 ok", "A: 451 no", "S: 451 no", "S: 250 2.0.0 OK"});
  play_server(refused, test_options());
}

TEST(ServerBadInput, SeesNoEndOfContentButTheTrueOne) {
  for (const std::string end : {"\\n.\\n", "\\n.\\r\\n", "\\r.\\r", "\\r\\n.\\n", "\\r\\n.\\r", "\\r.\\r\\n",
                                "\\r\\n.\\r\\r\\n", "\\n.\\r", "\\r\\n\\0.\\r\\n", "\\r\\n.\\0\\r\\n"}) {
    SCOPED_TRACE(end);
    ServerSession session(test_options());
    std::string smuggled = test::unescaped(
        "text" + end + "MAIL FROM:<evil@x>\\r\\nRCPT TO:<b@y>\\r\\nDATA\\r\\nmore\\r\\n.\\r\\n");
    session.receive("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@y>\r\nDATA\r\n");
    for (const std::string_view answer : {"250 a", "250 b", "354 c"}) {
      const auto request = session.next();
      ASSERT_TRUE(request);
      session.reply(request->index() == 0   ? std::get<MailRequest>(*request).ticket
                    : request->index() == 1 ? std::get<RcptRequest>(*request).ticket
                                            : std::get<DataRequest>(*request).ticket,
                    reply_of(answer));
    }
    bool ended = false;
    for (const char c : smuggled) {
      session.receive({&c, 1});
      while (const auto request = session.next()) {
        if (std::holds_alternative<ContentPiece>(*request)) continue;
        ASSERT_TRUE(std::holds_alternative<ContentEnd>(*request));
        EXPECT_EQ(std::get<ContentEnd>(*request).bare_line_end, end.find('0') == std::string::npos);
        ended = true;
      }
    }
    EXPECT_TRUE(ended);
  }
}

TEST(ServerBadInput, TellsOfBareLineEndsInContentAndGoesOn) {
  play_server(in_content({"C= a\\nb\\r\\n.\\r\\n",
                          "R: CONTENT a\\nb\\r\\n",
                          "R: END bare",
                          "A: 550 5.6.0 bare LF",
                          "S: 550 5.6.0 bare LF",
                          "C: MAIL FROM:<>",
                          "R: MAIL <> of x",
                          "A: 250 ok",
                          "S: 250 ok",
                          "C: RCPT TO:<b@y>",
                          "R: RCPT <b@y>",
                          "A: 250 ok",
                          "S: 250 ok",
                          "C: DATA",
                          "R: DATA",
                          "A: 354 go",
                          "S: 354 go",
                          "C: .",
                          "R: END",
                          "A: 250 ok",
                          "S: 250 ok"}),
              test_options());
}

TEST(ServerBadInput, PassesNulEightBitAndLongLinesOfContent) {
  const std::string line(5000, 'x');
  play_server(
      in_content({"C= \\0\xff\xfe\\r\\n" + line + "\\r\\n.\\r\\n",
                  "R: CONTENT \\0\xff\xfe\\r\\n" + line + "\\r\\n", "R: END", "A: 250 ok", "S: 250 ok"}),
      test_options());
}

TEST(ServerBadInput, StopsReadingWhileAnswersAreOwed) {
  ServerSession session(test_options());
  session.receive("HELO x\r\nMAIL FROM:<>\r\n");
  const auto mail = session.next();
  ASSERT_TRUE(mail);
  std::size_t chunks = 0;
  std::string rcpts;
  for (int i = 0; i < 100; ++i)
    rcpts += "RCPT TO:<" + std::to_string(i) + "@y>\r\nVRFY x\r\n";
  for (; session.wants_input(); ++chunks) {
    ASSERT_LT(chunks, 1000U);
    session.receive(rcpts);
    while (session.next()) {
    }
  }
  session.reply(std::get<MailRequest>(*mail).ticket, reply_of("421 gone"));
  const auto last = session.next();
  ASSERT_TRUE(last);
  EXPECT_TRUE(std::holds_alternative<Finished>(*last));
}

/// Answers whatever is asked, at once or later, until nothing is asked; says whether the dialogue is over.
class CarelessOwner {
 public:
  explicit CarelessOwner(unsigned seed) : random_(seed) {}

  bool serve(ServerSession& session) {
    while (auto request = session.next()) {
      if (std::holds_alternative<Finished>(*request)) return true;
      std::visit([this](const auto& r) { note(r); }, *request);
      while (!tickets_.empty() && random_() % 2 == 0)
        answer(session);
    }
    if (tickets_.empty()) return false;
    answer(session);
    return serve(session);
  }

 private:
  template <typename R>
  void note(const R& request) {
    if constexpr (requires { request.ticket; })
      tickets_.push_back({request.ticket, std::is_same_v<R, DataRequest> ? 354 : 250});
  }

  void answer(ServerSession& session) {
    const std::size_t index = random_() % tickets_.size();
    const auto [ticket, code] = tickets_[index];
    tickets_.erase(tickets_.begin() + static_cast<std::ptrdiff_t>(index));
    session.reply(ticket, make_reply(random_() % 4 == 0 ? 550 : code, "", "answer"));
  }

  std::mt19937 random_;
  std::vector<std::pair<Ticket, int>> tickets_;
};

TEST(ServerBadInput, SurvivesAnyOrderOfCommandsAndAnswers) {
  const std::vector<std::string> words{"HELO x\r\n",
                                       "EHLO x\r\n",
                                       "MAIL FROM:<>\r\n",
                                       "MAIL FROM:<a@x>\r\n",
                                       "RCPT TO:<b@y>\r\n",
                                       "DATA\r\n",
                                       ".\r\n",
                                       "RSET\r\n",
                                       "QUIT\r\n",
                                       "NOOP\r\n",
                                       "\n",
                                       "\r",
                                       ".",
                                       "text\r\n",
                                       std::string(1, '\0')};
  std::mt19937 random(5321);
  for (unsigned round = 0; round < 3000; ++round) {
    ServerSession session(test_options());
    CarelessOwner owner(round);
    std::string output;
    bool over = false;
    for (int segments = 0; segments < 30 && !over; ++segments) {
      std::string segment;
      for (unsigned n = 1 + random() % 4; n > 0; --n)
        segment += words[random() % (n == 1 ? words.size() : 9)];
      session.receive(segment);
      over = owner.serve(session);
      output += std::exchange(session.output(), {});
    }
    if (over) {
      EXPECT_FALSE(session.wants_input());
      EXPECT_FALSE(session.next());
      EXPECT_FALSE(session.in_transaction());
    }
    ReplyReader reader;
    for (std::string_view rest = output; !rest.empty();) {
      const auto reply = reader.read(rest);
      ASSERT_TRUE(reply && *reply) << output;
    }
  }
}

TEST(ServerBadInput, StopsReadingWhileOutputIsNotWritten) {
  ServerOptions options = test_options();
  options.max_idle_commands = 1'000'000;
  ServerSession session(options);
  std::size_t chunks = 0;
  for (; session.wants_input(); ++chunks) {
    ASSERT_LT(chunks, 100'000U);
    session.receive("NOOP\r\nNOOP\r\n");
    EXPECT_FALSE(session.next());
  }
  EXPECT_LT(session.output().size(), 300'000U);
  session.output().clear();
  EXPECT_TRUE(session.wants_input());
}

}  // namespace
}  // namespace tsmtp::smtp
