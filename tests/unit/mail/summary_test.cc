// P8: the log line of a mail is one line whatever was in the envelope and the reply, and its fields stay
// apart.
#include "relayd/mail/summary.h"

#include <gtest/gtest.h>

namespace tsmtp::mail {
namespace {

Summary plain() {
  return {.direction = Direction::kIn,
          .site = "tokyo",
          .transaction = std::string("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16),
          .helo = "hub.b.example",
          .lmtp = false,
          .sender = "a@b.example",
          .recipients = {{.address = "c@d.example", .reply = {}}},
          .size_bytes = 4096,
          .reply = {.code = 250, .lines = {"2.0.0 ok"}},
          .took = {.total = std::chrono::milliseconds(12)}};
}

TEST(Summary, OneLine) {
  EXPECT_EQ(to_line(plain()),
            "in tokyo 000102030405: from=<a@b.example> to=<c@d.example> size=4096 reply=\"250 2.0.0 ok\" "
            "took=12ms");
}

TEST(Summary, HostileBytesAreEscaped) {
  Summary s = plain();
  s.sender = "a\r\nout evil: from=<x>\x1b[0m\xff\\";
  s.recipients = {{.address = "c\n\"d\"> to=<e", .reply = {}}};
  s.reply.lines = {"ok\" took=0ms\nin x", std::string("\0\x7f", 2)};
  const std::string line = to_line(s);
  for (const char c : line)
    EXPECT_TRUE(c >= 0x20 && c < 0x7f);
  EXPECT_EQ(line,
            "in tokyo 000102030405: from=<a\\x0d\\x0aout evil: from=\\x3cx\\x3e\\x1b[0m\\xff\\\\> "
            "to=<c\\x0a\\x22d\\x22\\x3e to=\\x3ce> size=4096 "
            "reply=\"250 ok\\x22 took=0ms\\x0ain x / \\x00\\x7f\" took=12ms");
}

// Only what must be is escaped: MTAs write addresses into their replies.
TEST(Summary, AReplyStaysReadable) {
  Summary s = plain();
  s.sender = "m\xc3\xbcller@b.example";
  s.reply = {.code = 550, .lines = {"5.1.1 <anna@d.example>... M\xc3\xbcller unknown\xc2\x9b"}};
  EXPECT_EQ(to_line(s),
            "in tokyo 000102030405: from=<m\xc3\xbcller@b.example> to=<c@d.example> size=4096 "
            "reply=\"550 5.1.1 <anna@d.example>... M\xc3\xbcller unknown\\xc2\\x9b\" took=12ms");
}

TEST(Summary, ManyAndNoRecipients) {
  Summary s = plain();
  s.recipients.assign(1000, {.address = "x@d.example", .reply = {}});
  EXPECT_NE(to_line(s).find(",+995 more "), std::string::npos);
  s.recipients.clear();
  EXPECT_NE(to_line(s).find(" to=- "), std::string::npos);
}

TEST(Summary, LongFieldsAreCut) {
  Summary s = plain();
  s.sender = std::string(100'000, '\n');
  s.reply.lines.assign(128, std::string(2000, '\xff'));
  EXPECT_LT(to_line(s).size(), 4096U);
}

TEST(Summary, NoIdentifierYet) {
  Summary s = plain();
  s.transaction.clear();
  EXPECT_NE(to_line(s).find("in tokyo : from="), std::string::npos);
}

}  // namespace
}  // namespace tsmtp::mail
