#include "relayd/pairing/token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/pairing/sample.h"

namespace tsmtp::pairing {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// With the right checksum (CRC-32 of IEEE 802.3) over any address.
std::string hostile_token(const std::string& address) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const Token token = sample_token();
  const std::string bytes = token.id + token.secret + token.short_pin;
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes + address) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  std::string all = bytes;
  for (const int shift : {24, 16, 8, 0})
    all += static_cast<char>(~crc >> shift & 0xff);
  std::string out = "tsmtp1:";
  for (std::size_t i = 0; i < all.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = i; j < i + 3; ++j)
      bits = bits << 8 | static_cast<unsigned char>(all[j]);
    for (const int shift : {18, 12, 6, 0})
      out += kDigits[bits >> shift & 0x3f];
  }
  return out + address;
}

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

// It would come to stand in a file of the joiner's, and on its screen.
TEST(Token, AddressOfOtherThanPlainCharactersIsNone) {
  Token token = sample_token();
  for (const char* host : {"a\"b", "a\\b", "a#b",
                           "a\x7f"
                           "b",
                           "a\xc2\x9b"
                           "b",
                           "b\xc3\xbc.example", "a'b", "$a"}) {
    token.dial.host = host;
    EXPECT_THAT(token_text(token).error().message, HasSubstr("is no address")) << host;
  }
  EXPECT_THAT(parse_token(hostile_token("a\"]#b:1")).error().message, HasSubstr("cut off or mistyped"));
  EXPECT_TRUE(parse_token(hostile_token("a-b:1")));
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
