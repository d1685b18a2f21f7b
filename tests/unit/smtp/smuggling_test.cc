// SMTP smuggling: CVE-2023-51764 (Postfix), CVE-2023-51765 (sendmail), CVE-2023-51766 (Exim). In each a
// second mail is hidden in the content of a first, behind an "end of content" that only one of two servers
// takes for one. Here nothing but CRLF.CRLF ends content, the client's end never writes anything else, and
// what carries such a sequence is refused or made plain text.
#include <gtest/gtest.h>

#include "relayd/smtp/client_session.h"
#include "tests/unit/smtp/server_script.h"

namespace tsmtp::smtp {
namespace {

using test::play_server;
using test::test_options;
using test::unescaped;

// What was tried in the wild: each followed by commands that some server obeyed.
const std::vector<std::string> kFalseEnds{
    "\\n.\\n",     // 51764, 51765, 51766
    "\\n.\\r\\n",  // 51764, 51765, 51766
    "\\r\\n.\\n",  // 51765, 51766
    "\\r.\\r",          "\\r.\\r\\n",       "\\r\\n.\\r",       "\\n.\\r",       "\\r.\\n",
    "\\r\\n.\\r\\r\\n", "\\r\\n\\0.\\r\\n", "\\r\\n.\\0\\r\\n", "\\n\\n.\\r\\n", "\\r\\r\\n.\\r\\r\\n",
};

const std::string kSmuggled =
    "MAIL FROM:<ceo@tokyo.example>\\r\\nRCPT TO:<b@birl.example>\\r\\nDATA\\r\\nevil";

std::vector<std::string> dialogue(const std::string& content_on_the_wire, std::vector<std::string> rest) {
  std::vector<std::string> steps{"S: 220 birl.tsmtp ESMTP tsmtp",
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
                                 "S: 354 go",
                                 "C= " + content_on_the_wire};
  steps.insert(steps.end(), rest.begin(), rest.end());
  return steps;
}

/// All that the dialogue made of `wire`: content, and whether it is to be refused.
struct Result {
  std::string content;
  int mails = 0;
  bool bare = false;
};

Result through_server(const std::string& wire, const ServerOptions& options) {
  Result result;
  ServerSession session(options);
  const auto feed = [&](std::string_view bytes) {
    session.receive(bytes);
    while (const auto request = session.next()) {
      if (const auto* mail = std::get_if<MailRequest>(&*request)) {
        ++result.mails;
        session.reply(mail->ticket, {250, {"ok"}});
      } else if (const auto* rcpt = std::get_if<RcptRequest>(&*request)) {
        session.reply(rcpt->ticket, {250, {"ok"}});
      } else if (const auto* data = std::get_if<DataRequest>(&*request)) {
        session.reply(data->ticket, {354, {"go"}});
      } else if (const auto* piece = std::get_if<ContentPiece>(&*request)) {
        result.content += piece->bytes;
      } else if (const auto* end = std::get_if<ContentEnd>(&*request)) {
        result.bare = end->bare_line_end;
        session.reply(end->tickets[0], {250, {"ok"}});
      }
    }
  };
  feed("HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@y>\r\nDATA\r\n");
  feed(wire);
  return result;
}

TEST(Smuggling, NoFalseEndEndsAMail) {
  for (const std::string& end : kFalseEnds) {
    SCOPED_TRACE(end);
    const Result result =
        through_server(unescaped("text" + end + kSmuggled + "\\r\\n.\\r\\n"), test_options());
    EXPECT_EQ(result.mails, 1) << "the smuggled one is content";
    EXPECT_NE(result.content.find("ceo@tokyo.example"), std::string::npos);
    const bool has_bare_end = end.find("\\0") == std::string::npos;
    EXPECT_EQ(result.bare, has_bare_end) << "which is to be refused";
  }
}

TEST(Smuggling, MadeCanonicalItStaysOneMail) {
  ServerOptions options = test_options();
  options.sessions.canonical_line_ends = true;
  for (const std::string& end : kFalseEnds) {
    SCOPED_TRACE(end);
    const Result result = through_server(unescaped("text" + end + kSmuggled + "\\r\\n.\\r\\n"), options);
    EXPECT_EQ(result.mails, 1);
    EXPECT_FALSE(result.bare);
    // And at the far end: whatever became a line with one dot is stuffed, so the next server reads one mail
    // too.
    ContentEncoder encoder;
    std::string wire;
    ASSERT_TRUE(encoder.encode(result.content, wire));
    ASSERT_TRUE(encoder.finish(wire));
    EXPECT_EQ(wire.find("\r\n.\r\n"), wire.size() - 5) << "one end of content, at the end";
    const Result again = through_server(wire, test_options());
    EXPECT_EQ(again.mails, 1);
    EXPECT_EQ(again.content, result.content);
  }
}

TEST(Smuggling, TheClientNeverWritesAFalseEnd) {
  for (const std::string& end : kFalseEnds) {
    if (end.find("\\0") != std::string::npos) continue;  // ends no line anywhere
    SCOPED_TRACE(end);
    ContentEncoder encoder;
    std::string wire;
    const bool taken = encoder.encode(unescaped("text" + end + kSmuggled), wire) && encoder.finish(wire);
    EXPECT_FALSE(taken);
  }
}

TEST(Smuggling, CommandsBehindTheTrueEndAreCommands) {
  // As a pipelining client may send them (RFC 2920 allows it behind the final dot).
  play_server(dialogue("x\\r\\n.\\r\\nMAIL FROM:<c@x>\\r\\n",
                       {"R: CONTENT x\\r\\n", "R: END", "A: 250 ok", "S: 250 ok", "R: MAIL <c@x> of x",
                        "A: 250 ok", "S: 250 ok"}),
              test_options());
}

}  // namespace
}  // namespace tsmtp::smtp
