#include "relayd/smtp/reply.h"

#include <gtest/gtest.h>

namespace tsmtp::smtp {
namespace {

/// All replies in `bytes`, given `step` bytes at a time; ends with a summary of the error, if any.
std::vector<std::string> read_all(std::string_view bytes, std::size_t step) {
  ReplyReader reader;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string_view piece = bytes.substr(at, step);
    while (!piece.empty()) {
      auto reply = reader.read(piece);
      if (!reply) {
        out.push_back("error: " + reply.error().message);
        return out;
      }
      if (*reply) out.push_back((*reply)->wire());
    }
  }
  return out;
}

TEST(Reply, WritesEveryLineWithItsCode) {
  EXPECT_EQ((Reply{250, {"birl.example", "PIPELINING", "SIZE 1000"}}).wire(),
            "250-birl.example\r\n250-PIPELINING\r\n250 SIZE 1000\r\n");
  EXPECT_EQ((Reply{250, {""}}).wire(), "250 \r\n");
  EXPECT_EQ((Reply{250, {}}).wire(), "250 \r\n");
  EXPECT_EQ((Reply{550, {"5.1.1 no", "such user"}}).summary(), "550 5.1.1 no / such user");
}

TEST(Reply, NothingInItsTextEndsTheLine) {
  EXPECT_EQ((Reply{550, {std::string("a\r\n250 ok\0", 10), "b\r"}}).wire(), "550-a??250 ok?\r\n550 b?\r\n");
  EXPECT_EQ(make_reply(421, "4.4.1", "birl: \r\ncause\x7f\t\x01").wire(), "421 4.4.1 birl: ??cause???\r\n");
  EXPECT_EQ(make_reply(220, "", "birl.tsmtp").wire(), "220 birl.tsmtp\r\n");
}

TEST(Reply, KnowsItsClass) {
  EXPECT_TRUE((Reply{250, {}}).is_positive());
  EXPECT_TRUE((Reply{354, {}}).is_intermediate());
  EXPECT_TRUE((Reply{421, {}}).is_transient());
  EXPECT_TRUE((Reply{554, {}}).is_permanent());
  EXPECT_FALSE((Reply{0, {}}).is_positive());
}

TEST(ReplyReader, ReadsRepliesHoweverTheyAreCut) {
  const std::string bytes = "220 hub ESMTP\r\n250-a\r\n250-\r\n250\r\n354 go\n250 2.0.0  spaces kept \r\n";
  const std::vector<std::string> expected{"220 hub ESMTP\r\n", "250-a\r\n250-\r\n250 \r\n", "354 go\r\n",
                                          "250 2.0.0  spaces kept \r\n"};
  for (std::size_t step = 1; step <= bytes.size(); ++step)
    EXPECT_EQ(read_all(bytes, step), expected) << step;
}

TEST(ReplyReader, RefusesWhatIsNotSmtp) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"SSH-2.0-OpenSSH_9.2\r\n", "error: not an SMTP reply: \"SSH-2.0-OpenSSH_9.2\""},
      {"25\r\n", "error: not an SMTP reply: \"25\""},
      {"\r\n", "error: not an SMTP reply: \"\""},
      {"2500 x\r\n", "error: not an SMTP reply: \"2500 x\""},
      {"150 x\r\n", "error: not an SMTP reply: \"150 x\""},
      {"600 x\r\n", "error: not an SMTP reply: \"600 x\""},
      {"250-a\r\n550 b\r\n", "error: reply with lines of different codes, 250 and 550"},
      {std::string("250 a\0b\r\n", 9), "error: NUL in a reply"},
      {"250 " + std::string(2043, 'x') + "\r\n", "error: reply line longer than 2048 bytes"},
      {std::string(100'000, '2'), "error: reply line longer than 2048 bytes"},
  };
  for (const auto& [bytes, expected] : cases)
    for (const std::size_t step : {std::size_t{1}, bytes.size()})
      EXPECT_EQ(read_all(bytes, step), std::vector<std::string>{expected});
}

// Such a reply could be neither sent over the link nor kept in the ledger, and its mail would come again and
// again.
TEST(ReplyReader, NoCrIsLeftInALine) {
  ReplyReader reader;
  std::string_view input = "250-a\rb\r\r\n250 \rc\n";
  const auto reply = reader.read(input);
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ((*reply)->lines, (std::vector<std::string>{"a?b?", "?c"}));
}

// A reply ends on the terminal of one who looks at mailq, and in logs: nothing in it may be obeyed there.
TEST(ReplyReader, NothingIsLeftThatATerminalWouldObey) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"\x1b]0;owned\x07\x1b[2J", "?]0;owned??[2J"},  // ESC and BEL
      {"a\x08\x7f\x0b\x0c z", "a???? z"},
      {"\xc2\x9b"
       "31m \xc2\x85x",
       "??31m ??x"},  // CSI and NEL as UTF-8
      {"\x9b"
       "31m \x84 caf\xe9",
       "?31m ? caf?"},  // and as bytes; Latin-1
      {"\xe2\x80\xae"
       "evil \xe2\x80\xa8x \xe2\x81\xa6",
       "???evil ???x ???"},                                              // U+202E, U+2028, U+2066
      {"\xc0\x9b \xed\xa0\x80 \xf5\x80\x80\x80 \xc3", "?? ??? ???? ?"},  // no UTF-8
      {"5.1.1 \xc3\x9c"
       "ber M\xc3\xbcller, \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x93\xac",
       "5.1.1 \xc3\x9c"
       "ber M\xc3\xbcller, \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x93\xac"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(read_all("550 " + text + "\r\n", 100), std::vector<std::string>{"550 " + expected + "\r\n"});
    EXPECT_EQ((Reply{550, {text}}).wire(), "550 " + expected + "\r\n") << "as a peer may send it";
    EXPECT_EQ(make_reply(451, "", text).wire(), "451 " + expected + "\r\n") << "as a cause of ours";
  }
}

// RFC 5321 section 4.2: textstring.
TEST(ReplyReader, ATabIsText) {
  EXPECT_EQ(read_all("250 a\tb\r\n", 100), std::vector<std::string>{"250 a\tb\r\n"});
}

TEST(ReplyReader, LimitsLines) {
  std::string bytes;
  for (int i = 0; i < 127; ++i)
    bytes += "250-x\r\n";
  EXPECT_EQ(read_all(bytes + "250 last\r\n", 100).size(), 1U);
  EXPECT_EQ(read_all(bytes + "250-x\r\n250 last\r\n", 100),
            std::vector<std::string>{"error: reply of more than 128 lines"});
}

TEST(ReplyReader, LeavesTheNextReplyInTheInput) {
  ReplyReader reader;
  std::string_view input = "250 a\r\n250 b\r\n";
  const auto reply = reader.read(input);
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ(input, "250 b\r\n");
}

TEST(MakeReply, IsNoLongerThanAReaderTakes) {
  for (const std::size_t bytes : {2000U, 2040U, 2048U, 4096U, 262144U}) {
    const std::string cause = "its MTA answered: " + std::string(bytes, 'x') + "\r\n\xff\xc3";
    const std::string wire = make_reply(451, "4.4.1", cause).wire();
    std::string_view rest = wire;
    const auto read = ReplyReader().read(rest);
    ASSERT_TRUE(read && *read) << bytes;
    EXPECT_EQ((*read)->code, 451);
    EXPECT_EQ(wire.find_first_of("\r\xff\xc3"), wire.size() - 2);
  }
}

TEST(Shortened, KeepsWholeLinesAndAtLeastABeginning) {
  const Reply reply{550, {std::string(100, 'a'), std::string(100, 'b')}};
  EXPECT_EQ(shortened(reply, 1000), reply);
  EXPECT_EQ(shortened(reply, 150).lines.size(), 1U);
  EXPECT_EQ(shortened(reply, 10).lines.front(), std::string(10, 'a'));
}

}  // namespace
}  // namespace tsmtp::smtp
