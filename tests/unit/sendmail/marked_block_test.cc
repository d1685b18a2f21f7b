#include "sendmail/text/marked_block.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tsmtp::sendmail {
namespace {

TEST(MarkedBlock, ComesOutAgainByteForByte) {
  const std::vector<std::string> texts{
      "", "\n", "a", "a\n", "a\nb", "a\n\n\n", "a\r\nb\r\n", std::string("a\0b\n", 4), "# x"};
  for (const std::string& text : texts) {
    for (const Comment comment : {Comment::kHash, Comment::kDnl}) {
      const std::string with = with_block(text, text.size(), "x\ty\n", comment);
      EXPECT_NE(with, text);
      const auto without = without_blocks(with, comment);
      ASSERT_TRUE(without);
      EXPECT_EQ(*without, text);
      EXPECT_EQ(blocks_of(with, comment), "x\ty\n");
    }
  }
}

TEST(MarkedBlock, StandsOnItsOwnLinesInTheMiddle) {
  const std::string with = with_block("a\nb\n", 2, "x\n", Comment::kDnl);
  EXPECT_TRUE(with.starts_with("a\ndnl tsmtp-sendmail begin")) << with;
  EXPECT_TRUE(with.ends_with("\nx\ndnl tsmtp-sendmail end\nb\n")) << with;
  EXPECT_EQ(*without_blocks(with, Comment::kDnl), "a\nb\n");
}

TEST(MarkedBlock, LinesAddedAroundItStay) {
  std::string with = with_block("a", 1, "x\n", Comment::kHash);
  with = "before\n" + with + "behind\n";
  EXPECT_EQ(*without_blocks(with, Comment::kHash), "before\na\nbehind\n");
}

TEST(MarkedBlock, AnEmptyBodyMakesNone) {
  EXPECT_EQ(with_block("a\n", 2, "", Comment::kHash), "a\n");
}

TEST(MarkedBlock, ADamagedOneIsNotGuessed) {
  const std::string begin = "# tsmtp-sendmail begin: x\n";
  const std::string end = "# tsmtp-sendmail end\n";
  EXPECT_EQ(without_blocks("a\n" + begin + "b\n", Comment::kHash).error().message,
            "the block of line 2 has no end");
  EXPECT_EQ(without_blocks(begin + "b\n" + begin + end, Comment::kHash).error().message,
            "the block of line 1 has no end before line 3");
  EXPECT_EQ(without_blocks("a\n" + end, Comment::kHash).error().message, "line 2 ends no block");
  EXPECT_EQ(*without_blocks("dnl tsmtp-sendmail begin\n", Comment::kHash), "dnl tsmtp-sendmail begin\n");
}

}  // namespace
}  // namespace tsmtp::sendmail
