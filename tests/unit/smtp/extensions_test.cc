#include "relayd/smtp/extensions.h"

#include <gtest/gtest.h>

#include <limits>

namespace tsmtp::smtp {
namespace {

constexpr Extensions kSendmail{.pipelining = true,
                               .eight_bit_mime = true,
                               .dsn = true,
                               .enhanced_status_codes = true,
                               .size = 5000,
                               .deliver_by = 0};
constexpr Extensions kAll{.pipelining = true,
                          .eight_bit_mime = true,
                          .dsn = true,
                          .enhanced_status_codes = true,
                          .chunking = true,
                          .smtputf8 = true,
                          .size = 5000,
                          .deliver_by = 240};

TEST(Extensions, ReadsWhatSendmailOffers) {
  const Reply ehlo{
      250,
      {"hub.example Hello tokyo [192.0.2.1], pleased to meet you", "ENHANCEDSTATUSCODES", "pipelining",
       "EXPN", "VERB", "8BITMIME", "SIZE 5000", "DSN", "ETRN", "DELIVERBY", "HELP"}};
  EXPECT_EQ(parse_extensions(ehlo), kSendmail);
}

TEST(Extensions, ReadsWhatPostfixOffers) {
  const Reply ehlo{250,
                   {"hub.example", "PIPELINING", "SIZE 5000", "VRFY", "ETRN", "ENHANCEDSTATUSCODES",
                    "8BITMIME", "DSN", "SMTPUTF8", "CHUNKING"}};
  Extensions expected = kAll;
  expected.deliver_by.reset();
  EXPECT_EQ(parse_extensions(ehlo), expected);
}

TEST(Extensions, PassesOverTheGreetingAndWhatItDoesNotKnow) {
  EXPECT_EQ(parse_extensions({250, {"PIPELINING"}}), Extensions{});
  EXPECT_EQ(parse_extensions({250, {"hub", "PIPELININGX", "X-DSN", "", " DSN"}}), Extensions{});
  EXPECT_EQ(parse_extensions({250, {}}), Extensions{});
}

TEST(Extensions, ReadsSizes) {
  const std::vector<std::pair<std::string, std::uint64_t>> cases{
      {"SIZE", 0},      {"SIZE 0", 0},
      {"SIZE 10 ", 10}, {"SIZE abc", 0},
      {"SIZE -1", 0},   {"SIZE 99999999999999999999", std::numeric_limits<std::uint64_t>::max()}};
  for (const auto& [line, expected] : cases)
    EXPECT_EQ(parse_extensions({250, {"hub", line}}).size, expected) << line;
}

TEST(Extensions, SurviveTheRoundTrip) {
  for (const Extensions& extensions :
       {Extensions{}, kSendmail, kAll, Extensions{.size = 0}, Extensions{.deliver_by = 0}}) {
    Reply reply{250, {"hub"}};
    for (const std::string& line : keyword_lines(extensions))
      reply.lines.push_back(line);
    EXPECT_EQ(parse_extensions(reply), extensions);
  }
}

struct ParameterCase {
  std::string parameters;
  int code;  // 0: passes
};

TEST(Parameters, OfMailAreChecked) {
  const std::vector<ParameterCase> cases{
      {"", 0},
      {"SIZE=1000", 0},
      {"SIZE=99999999999999999999", 0},
      {"SIZE=999999999999999999999", 501},
      {"SIZE", 501},
      {"SIZE=1k", 501},
      {"BODY=7BIT", 0},
      {"body=8bitmime", 0},
      {"BODY=BINARYMIME", 501},
      {"RET=FULL ENVID=QQ314159", 0},
      {"RET=hdrs", 0},
      {"RET=SOME", 501},
      {"ENVID=a+2Bb", 0},
      {"ENVID=a+2", 501},
      {"ENVID=a+2b", 501},
      {"ENVID=" + std::string(101, 'x'), 501},
      {"SMTPUTF8", 0},
      {"SMTPUTF8=yes", 501},
      {"AUTH=<>", 555},
      {"NOTIFY=NEVER", 555},
      {"BY=100;R", 0},
      {"BY=+100;rt", 0},
      {"BY=0;N", 0},
      {"BY=-999999999;NT", 0},
      {"BY=0;R", 501},
      {"BY=-1;R", 501},
      {"BY=1000000000;N", 501},
      {"BY=100", 501},
      {"BY=;R", 501},
      {"BY=1;T", 501},
      {"BY", 501},
  };
  for (const ParameterCase& c : cases) {
    const PathResult mail = parse_mail("FROM:<a@x> " + c.parameters);
    ASSERT_TRUE(mail) << c.parameters;
    const auto refusal = check_mail_parameters(*mail, kAll);
    EXPECT_EQ(refusal ? refusal->code : 0, c.code) << c.parameters;
    const auto unoffered = check_mail_parameters(*mail, Extensions{});
    EXPECT_EQ(unoffered ? unoffered->code : 0, c.parameters.empty() ? 0 : 555) << c.parameters;
  }
}

TEST(Parameters, OfRcptAreChecked) {
  const std::vector<ParameterCase> cases{
      {"", 0},
      {"NOTIFY=NEVER", 0},
      {"NOTIFY=success,Failure,DELAY", 0},
      {"NOTIFY=SUCCESS,NEVER", 501},
      {"NOTIFY=SUCCESS,", 501},
      {"NOTIFY", 501},
      {"ORCPT=rfc822;b+2Bc@x", 0},
      {"ORCPT=b@x", 501},
      {"ORCPT=;b@x", 501},
      {"ORCPT=rfc822;", 501},
      {"ORCPT=rfc822;+zz", 501},
      {"ORCPT=utf-8;caf\\x{E9}@x", 0},
      {"ORCPT=utf-8;caf\xc3\xa9@x", 0},
      {"ORCPT=rfc822;caf\xc3\xa9@x", 501},
      {"SIZE=1", 555},
  };
  for (const ParameterCase& c : cases) {
    const PathResult rcpt = parse_rcpt("TO:<b@x> " + c.parameters, true);
    ASSERT_TRUE(rcpt) << c.parameters;
    const auto refusal = check_rcpt_parameters(*rcpt, kAll);
    EXPECT_EQ(refusal ? refusal->code : 0, c.code) << c.parameters;
  }
}

TEST(Parameters, DeclareASize) {
  const auto declared = [](const std::string& parameters) {
    return declared_size(*parse_mail("FROM:<a@x> " + parameters));
  };
  EXPECT_EQ(declared(""), 0U);
  EXPECT_EQ(declared("BODY=7BIT size=123"), 123U);
  EXPECT_EQ(declared("SIZE=99999999999999999999"), std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace tsmtp::smtp
