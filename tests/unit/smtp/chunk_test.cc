// BDAT's argument, and what belongs to a chunk wherever the bytes are cut.
#include "relayd/smtp/chunk.h"

#include <gtest/gtest.h>

namespace tsmtp::smtp {
namespace {

TEST(Chunk, IsASizeAndPerhapsTheLast) {
  EXPECT_EQ(parse_chunk("1000")->left_bytes, 1000U);
  EXPECT_FALSE(parse_chunk("1000")->is_last);
  EXPECT_TRUE(parse_chunk("0 LAST")->is_last);
  EXPECT_TRUE(parse_chunk("5 \t last")->is_last);
  for (const char* const bad :
       {"", " 5", "-5", "+5", "5x", "5LAST", "5 LASTS", "5 LAST ", "LAST", "18446744073709551616"})
    EXPECT_FALSE(parse_chunk(bad)) << bad;
}

TEST(Chunk, TakesItsOwnBytesAndNoOthers) {
  Chunk chunk = *parse_chunk("5");
  EXPECT_EQ(chunk.take("abc"), "abc");
  EXPECT_EQ(chunk.take(""), "");
  EXPECT_EQ(chunk.take("deQUIT"), "de");
  EXPECT_EQ(chunk.left_bytes, 0U);
  EXPECT_EQ(chunk.bytes, 5U);
}

}  // namespace
}  // namespace tsmtp::smtp
