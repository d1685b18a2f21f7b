#include "relayd/smtp/command.h"

#include <gtest/gtest.h>

namespace tsmtp::smtp {
namespace {

TEST(ParseCommand, SplitsVerbAndArgument) {
  struct Case {
    std::string line;
    Verb verb;
    std::string argument;
  };
  const std::vector<Case> cases{
      {"QUIT", Verb::kQuit, ""},
      {"quit ", Verb::kQuit, ""},
      {" MaIl FROM:<a@x>  SIZE=1 ", Verb::kMail, "FROM:<a@x>  SIZE=1"},
      {"RCPT\tTO:<a@x>", Verb::kRcpt, "TO:<a@x>"},
      {"EHLO tokyo.example", Verb::kEhlo, "tokyo.example"},
      {"STARTTLS", Verb::kStarttls, ""},
      {"DATAX", Verb::kUnknown, ""},
      {"DAT", Verb::kUnknown, ""},
      {"", Verb::kUnknown, ""},
      {"   ", Verb::kUnknown, ""},
      {"X-FOO bar", Verb::kUnknown, "bar"},
  };
  for (const Case& c : cases) {
    const Command command = parse_command(c.line);
    EXPECT_EQ(command.verb, c.verb) << c.line;
    EXPECT_EQ(command.argument, c.argument) << c.line;
  }
}

TEST(ParsePath, KeepsAddressesAsWritten) {
  struct Case {
    std::string argument;
    std::string text, local_part, domain, parameters;
  };
  const std::vector<Case> cases{
      {"TO:<b@birl.example>", "b@birl.example", "b", "birl.example", ""},
      {"to: <B@Birl.Example>", "B@Birl.Example", "B", "Birl.Example", ""},
      {"TO:<Postmaster>", "Postmaster", "Postmaster", "", ""},
      {"TO:<b@[192.0.2.1]>", "b@[192.0.2.1]", "b", "[192.0.2.1]", ""},
      {"TO:<b@[IPv6:2001:db8::1]>", "b@[IPv6:2001:db8::1]", "b", "[IPv6:2001:db8::1]", ""},
      {"TO:<\"a b@c>\\\"\"@x.example>", "\"a b@c>\\\"\"@x.example", "\"a b@c>\\\"\"", "x.example", ""},
      {"TO:<@relay.example,@hub.example:b@x>", "@relay.example,@hub.example:b@x", "b", "x", ""},
      {"TO:<user%birl.example@x>", "user%birl.example@x", "user%birl.example", "x", ""},
      {"TO:<..dots..@x>", "..dots..@x", "..dots..", "x", ""},
      {"TO:<o'x+{t}!=?^_`|~/&$#*@x>", "o'x+{t}!=?^_`|~/&$#*@x", "o'x+{t}!=?^_`|~/&$#*", "x", ""},
      {"TO:<b@x> notify=NEVER  ORCPT=rfc822;b@x", "b@x", "b", "x", "notify=NEVER ORCPT=rfc822;b@x"},
      {"TO:<b@x> X-FLAG", "b@x", "b", "x", "X-FLAG"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.argument);
    const PathResult result = parse_rcpt(c.argument, false);
    ASSERT_TRUE(result) << result.error().summary();
    EXPECT_EQ(result->path.text, c.text);
    EXPECT_EQ(result->path.local_part, c.local_part);
    EXPECT_EQ(result->path.domain, c.domain);
    EXPECT_EQ(result->parameter_text(), c.parameters);
  }
}

TEST(ParsePath, AcceptsTheNullSenderOnly) {
  const PathResult mail = parse_mail("FROM:<> BODY=8BITMIME");
  ASSERT_TRUE(mail);
  EXPECT_TRUE(mail->path.is_null());
  ASSERT_EQ(mail->parameters.size(), 1U);
  EXPECT_EQ(mail->parameters[0].keyword, "BODY");
  EXPECT_EQ(mail->parameters[0].value, "8BITMIME");
  EXPECT_FALSE(parse_rcpt("TO:<>", false));
}

TEST(ParsePath, FoldsKeywordsAndKeepsTheText) {
  const PathResult mail = parse_mail("FROM:<a@x> Size=12 ret=Hdrs");
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->parameters[0].keyword, "SIZE");
  EXPECT_EQ(mail->parameters[1].keyword, "RET");
  EXPECT_EQ(mail->parameters[1].value, "Hdrs");
  EXPECT_EQ(mail->parameter_text(), "Size=12 ret=Hdrs");
}

TEST(ParsePath, RefusesWhatIsNoAddress) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "501 5.5.4"},
      {"FROM", "501 5.5.4"},
      {"FROM:", "501 5.5.4"},
      {"TO:<a@x>", "501 5.5.4"},
      {"FROM:a@x", "501 5.5.4"},
      {"FROM <a@x>", "501 5.5.4"},
      {"FROM:<a@x", "501 5.1.7"},
      {"FROM:<", "501 5.1.7"},
      {"FROM:<\"a@x>", "501 5.1.7"},
      {"FROM:<\"a\\\"@x>", "501 5.1.7"},
      {"FROM:<a@x>SIZE=1", "501 5.5.4"},
      {"FROM:<a@x>>", "501 5.5.4"},
      {"FROM:<<a@x>>", "501 5.1.7"},
      {"FROM:<a@>", "501 5.1.7"},
      {"FROM:<@x>", "501 5.1.7"},
      {"FROM:<@x:>", "501 5.1.7"},
      {"FROM:<@x,b@y>", "501 5.1.7"},
      {"FROM:<@x,:b@y>", "501 5.1.7"},
      {"FROM:<a@b@x>", "501 5.1.7"},
      {"FROM:<a b@x>", "501 5.1.7"},
      {"FROM:<a\t@x>", "501 5.1.7"},
      {"FROM:<a(comment)@x>", "501 5.1.7"},
      {"FROM:<a\\@b@x>", "501 5.1.7"},
      {"FROM:<\"a\"b@x>", "501 5.1.7"},
      {"FROM:<\"a\x01\"@x>", "501 5.1.7"},
      {"FROM:<a@x..y>", "501 5.1.7"},
      {"FROM:<a@x.>", "501 5.1.7"},
      {"FROM:<a@-x>", "501 5.1.7"},
      {"FROM:<a@x y>", "501 5.1.7"},
      {"FROM:<a@192.0.2.1>", "501 5.1.7"},
      {"FROM:<a@[192.0.2.1>", "501 5.1.7"},
      {"FROM:<a@[]>", "501 5.1.7"},
      {"FROM:<a@[1]x]>", "501 5.1.7"},
      {std::string("FROM:<a\0@x>", 11), "501 5.1.7"},
      {"FROM:<caf\xc3\xa9@x>", "553 5.6.7"},
      {"FROM:<a@caf\xc3\xa9>", "553 5.6.7"},
      {"FROM:<a@x> SIZE=", "501 5.5.4"},
      {"FROM:<a@x> =1", "501 5.5.4"},
      {"FROM:<a@x> SIZE=1=2", "501 5.5.4"},
      {"FROM:<a@x> S_Z=1", "501 5.5.4"},
      {"FROM:<a@x> ENVID=\xc3\xa9", "501 5.5.4"},
      {"FROM:<a@x> SIZE=1 size=2", "501 5.5.4"},
  };
  for (const auto& [argument, expected] : cases) {
    SCOPED_TRACE(testing::PrintToString(argument));
    const PathResult result = parse_mail(argument);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().summary().substr(0, expected.size()), expected);
  }
  EXPECT_EQ(parse_rcpt("TO:<a@>", false).error().summary(), "501 5.1.3 <a@> is not a mail address");
}

TEST(ParsePath, TakesUtf8WithSmtputf8) {
  const PathResult mail = parse_mail(
      "FROM:<caf\xc3\xa9@b\xc3\xbc"
      "cher.example> SMTPUTF8");
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->path.local_part, "caf\xc3\xa9");
  EXPECT_EQ(mail->path.domain,
            "b\xc3\xbc"
            "cher.example");
  EXPECT_TRUE(parse_mail("FROM:<\"caf\xc3\xa9 x\"@x> SMTPUTF8"));
  EXPECT_TRUE(parse_rcpt("TO:<caf\xc3\xa9@x>", true));
  EXPECT_EQ(parse_rcpt("TO:<caf\xc3\xa9@x>", false).error().code, 553);
  for (const std::string bad :
       {"caf\xc3@x", "caf\xa9@x", "\xc0\xaf@x", "\xed\xa0\x80@x", "\xf4\x90\x80\x80@x"})
    EXPECT_EQ(parse_rcpt("TO:<" + bad + ">", true).error().summary().substr(0, 9), "501 5.1.3")
        << testing::PrintToString(bad);
  EXPECT_EQ(parse_rcpt("TO:<a@\xe2\x80\x8b>", true).error().code, 501) << "not a label";
}

TEST(ParsePath, QuotesOnlyABoundedPartOfABadAddress) {
  const PathResult result = parse_mail("FROM:<" + std::string(4000, '(') + ">");
  ASSERT_FALSE(result);
  EXPECT_LT(result.error().wire().size(), 512U);  // RFC 5321 section 4.5.3.1.5
}

}  // namespace
}  // namespace tsmtp::smtp
