#include "relayd/pairing/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pairing/sample.h"

namespace tsmtp::pairing {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Token, IsReadBack) {
  for (const char* host : {"hub.tokyo.example", "192.0.2.1", "2001:db8::1"}) {
    Token token = sample_token();
    token.dial.host = host;
    const auto text = token_text(token);
    ASSERT_TRUE(text);
    EXPECT_THAT(*text, StartsWith("tsmtp1:"));
    EXPECT_LE(text->size(), kMaxTokenBytes);
    const auto read = parse_token(*text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, token);
  }
}

TEST(Token, IsReadAsItIsPasted) {
  const std::string text = *token_text(sample_token());
  for (const std::string& pasted :
       {"  " + text + " \r\n", text.substr(0, 40) + "\n" + text.substr(40), "relayctl join " + text})
    EXPECT_TRUE(parse_token(pasted)) << pasted;
}

TEST(Token, CutOffAnywhereIsNoticed) {
  const std::string text = *token_text(sample_token());
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(parse_token(text.substr(0, size))) << size;
  EXPECT_THAT(parse_token(text.substr(0, 60)).error().message,
              HasSubstr("cut off or mistyped: its checksum is wrong"));
}

TEST(Token, EveryMistypedCharacterIsNoticed) {
  const std::string text = *token_text(sample_token());
  for (std::size_t i = 0; i < text.size(); ++i)
    for (const char c : {'A', 'b', '7', '-', '.', '\xff'}) {
      std::string wrong = text;
      wrong[i] = c;
      EXPECT_EQ(bool(parse_token(wrong)), wrong == text) << wrong;
    }
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    std::string swapped = text;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_EQ(bool(parse_token(swapped)), swapped == text) << swapped;
  }
}

TEST(Token, WhatIsNoneIsSaid) {
  EXPECT_THAT(parse_token("hello").error().message, HasSubstr("that is no invitation"));
  EXPECT_THAT(parse_token("tsmtp2:abc").error().message,
              HasSubstr("\"tsmtp2:\", which this version does not know"));
  EXPECT_FALSE(parse_token(*token_text(sample_token()) + std::string(200, '1')));
}

TEST(Token, AddressThatIsTooLongIsRefusedWithAWayOut) {
  Token token = sample_token();
  token.dial.host = std::string(40, 'a') + ".example";
  EXPECT_THAT(token_text(token).error().message, HasSubstr("too long for an invitation"));
  EXPECT_THAT(token_text(token).error().message, HasSubstr("--at HOST:PORT"));
  token.dial.host = std::string(38, 'a');
  const auto longest = token_text(token);
  ASSERT_TRUE(longest);
  EXPECT_LE(std::string("relayctl join " + *longest).size(), 120U);
}

}  // namespace
}  // namespace tsmtp::pairing
