// What is looked for by the block is found wherever it stands, also across the ends of blocks.
#include "relayd/smtp/pairs.h"

#include <gtest/gtest.h>

#include <string>

namespace tsmtp::smtp {
namespace {

constexpr std::size_t kLongest = 400;  // some blocks, and some of what is looked at byte by byte

TEST(Pairs, DotsAreFoundBehindEachLf) {
  for (std::size_t length = 2; length <= kLongest; length += 7) {
    for (std::size_t lf = 0; lf + 1 < length; ++lf) {
      std::string text(length, 'x');
      text[lf] = '\n';
      EXPECT_EQ(find_dot_behind_lf(text, 0), std::string::npos);
      text[lf + 1] = '.';
      ASSERT_EQ(find_dot_behind_lf(text, 0), lf) << "of " << length;
      ASSERT_EQ(find_dot_behind_lf(text, lf), lf);
      ASSERT_EQ(find_dot_behind_lf(text, lf + 1), std::string::npos);
    }
  }
}

TEST(Pairs, TheFirstOfSeveralDotsIsFound) {
  std::string text;
  for (std::size_t line = 0; line < 60; ++line)
    text += "\n." + std::string(line, '.');
  std::size_t at = 0;
  for (std::size_t line = 0; line < 60; ++line) {
    ASSERT_EQ(find_dot_behind_lf(text, at), text.find("\n.", at));
    at = text.find("\n.", at) + 1;
  }
  EXPECT_EQ(find_dot_behind_lf(text, at), std::string::npos);
}

TEST(Pairs, BareLineEndsAreFoundAnywhere) {
  for (std::size_t length = 4; length <= kLongest; length += 7) {
    for (std::size_t at = 1; at + 2 < length; ++at) {
      std::string text(length, '.');
      text.replace(at, 2, "\r\n");
      ASSERT_FALSE(has_bare_line_end(text)) << at << " of " << length;
      text.replace(at, 2, "\n.");
      ASSERT_TRUE(has_bare_line_end(text)) << at << " of " << length;
      text.replace(at, 2, "\r.");
      ASSERT_TRUE(has_bare_line_end(text)) << at << " of " << length;
    }
  }
}

// What stands before the first byte and behind the last is for the caller to know.
TEST(Pairs, NeighboursBeyondTheTextAreNotGuessed) {
  EXPECT_FALSE(has_bare_line_end(""));
  EXPECT_FALSE(has_bare_line_end("\n"));
  EXPECT_FALSE(has_bare_line_end("\n" + std::string(300, 'x') + "\r"));
  EXPECT_EQ(find_dot_behind_lf("", 0), std::string::npos);
  EXPECT_EQ(find_dot_behind_lf(".", 0), std::string::npos);
}

}  // namespace
}  // namespace tsmtp::smtp
