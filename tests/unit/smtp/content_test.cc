#include "relayd/smtp/content.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace tsmtp::smtp {
namespace {

using std::string_literals::operator""s;

struct Decoded {
  std::string content;
  bool ended = false;
  bool bare = false;
  std::string rest;
};

/// Decodes `bytes` cut at `cut`.
Decoded decode(std::string_view bytes, std::size_t cut) {
  ContentDecoder decoder;
  Decoded decoded;
  for (std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    if (!decoded.ended) decoded.ended = decoder.decode(piece, decoded.content);
    decoded.rest += piece;
  }
  LineEndCheck line_ends;
  line_ends.look_at(decoded.content);
  line_ends.finish();
  decoded.bare = line_ends.found_bare();
  return decoded;
}

struct DecodeCase {
  std::string wire;
  std::string content;
  bool ended;
  bool bare;
  std::string rest;
};

const std::vector<DecodeCase>& decode_cases() {
  static const std::vector<DecodeCase> all_cases{
      // The true end, and nothing but it.
      {".\r\n", "", true, false, ""},
      {"a\r\n.\r\n", "a\r\n", true, false, ""},
      {"a\r\n.\r\nQUIT\r\n", "a\r\n", true, false, "QUIT\r\n"},
      {"\r\n\r\n.\r\n", "\r\n\r\n", true, false, ""},
      {"a\r\n.\r\n.\r\n", "a\r\n", true, false, ".\r\n"},
      {"a.\r\n.\r\n", "a.\r\n", true, false, ""},
      // Dots.
      {"..\r\n.\r\n", ".\r\n", true, false, ""},
      {"...\r\n.\r\n", "..\r\n", true, false, ""},
      {".a\r\n.\r\n", "a\r\n", true, false, ""},
      {"a\r\n..b\r\n.\r\n", "a\r\n.b\r\n", true, false, ""},
      // Unended.
      {"a", "a", false, false, ""},
      {"a\r\n.", "a\r\n", false, false, ""},
      {"a\r\n.\r", "a\r\n", false, false, ""},
      // Bare line ends around a dot: CVE-2023-51764 and kin.
      {"a\n.\nb", "a\n.\nb", false, true, ""},
      {"a\n.\r\nb", "a\n.\r\nb", false, true, ""},
      {"a\r.\rb", "a\r.\rb", false, true, ""},
      {"a\r.\r\nb", "a\r.\r\nb", false, true, ""},
      {"a\r\n.\nb", "a\r\n\nb", false, true, ""},
      {"a\r\n.\rb", "a\r\n\rb", false, true, ""},
      {"a\r\n.\r\r\nb", "a\r\n\r\r\nb", false, true, ""},
      {"a\r\r\n.\r\n", "a\r\r\n", true, true, ""},
      {"a\n\r\n.\r\n", "a\n\r\n", true, true, ""},
      {"\n.\r\n", "\n.\r\n", false, true, ""},
      {"a\n.\nb\r\n.\r\nQUIT\r\n", "a\n.\nb\r\n", true, true, "QUIT\r\n"},
      // NUL hides no end and makes none.
      {"a\r\n\0.\r\nb"s, "a\r\n\0.\r\nb"s, false, false, ""},
      {"a\r\0\n.\r\nb"s, "a\r\0\n.\r\nb"s, false, true, ""},
      {"a\r\n.\0\r\nb"s, "a\r\n\0\r\nb"s, false, false, ""},
      {"\0\xff\r\n.\r\n"s, "\0\xff\r\n"s, true, false, ""},
  };
  return all_cases;
}

TEST(ContentDecoder, EndsAtCrlfDotCrlfAndNowhereElse) {
  for (const DecodeCase& c : decode_cases()) {
    for (std::size_t cut = 0; cut <= c.wire.size(); ++cut) {
      SCOPED_TRACE(testing::PrintToString(c.wire) + " cut at " + std::to_string(cut));
      const Decoded decoded = decode(c.wire, cut);
      EXPECT_EQ(decoded.content, c.content);
      EXPECT_EQ(decoded.ended, c.ended);
      EXPECT_EQ(decoded.bare, c.bare);
      EXPECT_EQ(decoded.rest, c.rest);
    }
  }
}

struct EncodeCase {
  std::string content;
  std::string wire;  // empty: refused
};

TEST(ContentEncoder, StuffsAndRefusesBareLineEnds) {
  const std::vector<EncodeCase> cases{
      {"", ".\r\n"},
      {"a\r\n", "a\r\n.\r\n"},
      {"a", "a\r\n.\r\n"},
      {".", "..\r\n.\r\n"},
      {".\r\n", "..\r\n.\r\n"},
      {"..\r\n.a\r\n", "...\r\n..a\r\n.\r\n"},
      {"\r\n.\r\n", "\r\n..\r\n.\r\n"},
      {"a.\r\n", "a.\r\n.\r\n"},
      {"\0\xff\r\n"s, "\0\xff\r\n.\r\n"s},
      {"a\nb", ""},
      {"\n", ""},
      {"\r", ""},
      {"a\rb", ""},
      {"a\r\r\n", ""},
      {"a\r\n.\n", ""},
      {"a\n.\n", ""},
      {"a\r.\r\n", ""},
      {"a\r\0\n"s, ""},
  };
  for (const EncodeCase& c : cases) {
    for (std::size_t cut = 0; cut <= c.content.size(); ++cut) {
      SCOPED_TRACE(testing::PrintToString(c.content) + " cut at " + std::to_string(cut));
      ContentEncoder encoder;
      std::string out;
      const std::string_view content = c.content;
      const bool first = encoder.encode(content.substr(0, cut), out);
      const bool second = encoder.encode(content.substr(cut), out);
      const bool finished = encoder.finish(out);
      EXPECT_EQ(first && second && finished, !c.wire.empty());
      if (!c.wire.empty()) {
        EXPECT_EQ(out, c.wire);
      }
      if (!first) {
        EXPECT_FALSE(second);  // once broken, broken
      }
      if (c.wire.empty()) {
        EXPECT_FALSE(finished);
        for (const std::string_view end : {"\r\n.\r\n", "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r"})
          EXPECT_EQ(("\r\n" + out).find(end), std::string::npos) << testing::PrintToString(out);
      }
    }
  }
}

/// Lines of a few characters that matter, or long runs of those that do not.
std::string random_content(std::mt19937& random) {
  constexpr std::string_view kAlphabet{"...a\0\xff", 6};
  std::string content;
  for (unsigned lines = random() % 20; lines > 0; --lines) {
    if (random() % 8 == 0) content.append(random() % 3000, 'x');
    for (unsigned n = random() % 6; n > 0; --n)
      content.push_back(kAlphabet[random() % kAlphabet.size()]);
    content += "\r\n";
  }
  return content;
}

/// Calls `take` with pieces of `bytes` of random sizes.
template <typename Take>
void in_pieces(std::string_view bytes, std::mt19937& random, Take take) {
  while (!bytes.empty()) {
    const std::size_t size =
        std::min<std::size_t>(bytes.size(), 1 + random() % (random() % 4 == 0 ? 500 : 4));
    take(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

TEST(Content, SurvivesTheRoundTrip) {
  std::mt19937 random(1998);
  for (int round = 0; round < 2000; ++round) {
    const std::string content = random_content(random);
    ContentEncoder encoder;
    std::string wire;
    in_pieces(content, random, [&](std::string_view piece) { ASSERT_TRUE(encoder.encode(piece, wire)); });
    ASSERT_TRUE(encoder.finish(wire));

    ContentDecoder decoder;
    std::string decoded;
    bool ended = false;
    in_pieces(wire, random, [&](std::string_view piece) {
      ASSERT_FALSE(ended) << "end of content seen early";
      ended = decoder.decode(piece, decoded);
      EXPECT_TRUE(piece.empty());
    });
    ASSERT_TRUE(ended);
    ASSERT_EQ(decoded, content);
  }
}

TEST(Content, WhateverTheDecoderLetsPassTheEncoderTakes) {
  constexpr std::string_view kAlphabet = "\r\n.a";
  std::mt19937 random(51764);
  for (int round = 0; round < 20'000; ++round) {
    std::string wire;
    for (unsigned n = random() % 16; n > 0; --n)
      wire.push_back(kAlphabet[random() % kAlphabet.size()]);
    wire += "\r\n.\r\n";
    const Decoded decoded = decode(wire, random() % wire.size());
    ASSERT_TRUE(decoded.ended);
    ContentEncoder encoder;
    std::string again;
    const bool encoded = encoder.encode(decoded.content, again) && encoder.finish(again);
    ASSERT_EQ(encoded, !decoded.bare) << testing::PrintToString(wire);
    if (!encoded) continue;
    const Decoded twice = decode(again, 0);
    ASSERT_TRUE(twice.ended);
    ASSERT_EQ(twice.content, decoded.content);
    ASSERT_EQ(twice.rest, "");
  }
}

}  // namespace
}  // namespace tsmtp::smtp
