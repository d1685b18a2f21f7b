// Whatever goes in comes out, in whatever pieces; nothing waits where it must not; a mail gains nothing from
// another; and memory is what was promised.
#include "relayd/compress/compressor.h"

#include <gtest/gtest.h>

#include "relayd/compress/decompressor.h"
#include "tests/support/sample_text.h"

namespace tsmtp::compress {
namespace {

using support::sample_base64;
using support::sample_noise;
using support::sample_text;

std::string compressed(std::string_view content, std::size_t piece_bytes = 1 << 20,
                       std::uint64_t expected_bytes = 0) {
  auto compressor = Compressor::make(expected_bytes);
  std::string out;
  while (!content.empty()) {
    const std::string_view piece = content.substr(0, piece_bytes);
    content.remove_prefix(piece.size());
    EXPECT_TRUE(compressor->compress(piece, out));
  }
  EXPECT_TRUE(compressor->finish(out));
  return out;
}

// What a decompressor gives for `input`, which may be a part of a frame.
std::string read(Decompressor& decompressor, std::string_view input, std::size_t piece_bytes = 1 << 20) {
  std::string out;
  while (!input.empty() || decompressor.has_more()) {
    std::string_view piece = input.substr(0, piece_bytes);
    const std::size_t offered = piece.size();
    const auto plain = decompressor.read(piece);
    EXPECT_TRUE(plain) << plain.error().message;
    if (!plain) break;
    EXPECT_LE(plain->size(), Decompressor::kPieceBytes);
    out += *plain;
    input.remove_prefix(offered - piece.size());
  }
  return out;
}

TEST(Compressor, WhatGoesInComesOutInWhateverPieces) {
  const std::string kinds[] = {"",
                               "x",
                               sample_text(3000),
                               sample_text(700'000),
                               sample_noise(300'000),
                               sample_base64(300'000),
                               std::string(3'000'000, 'A')};
  for (const std::string& content : kinds)
    for (const std::size_t bytes : {std::size_t{7}, std::size_t{4096}, std::size_t{1} << 20}) {
      if (bytes == 7 && content.size() > 1'000'000) continue;
      auto decompressor = Decompressor::make();
      const std::string small = compressed(content, bytes);
      EXPECT_TRUE(read(*decompressor, small, bytes) == content)
          << content.size() << " in pieces of " << bytes;
      EXPECT_TRUE(decompressor->is_at_end());
    }
}

TEST(Compressor, HowMuchIsSaved) {
  const std::string text = sample_text(500'000);
  EXPECT_LT(compressed(text).size(), text.size() * 4 / 10);
  const std::string base64 = sample_base64(500'000);
  EXPECT_LT(compressed(base64).size(), base64.size() * 8 / 10);
  const std::string noise = sample_noise(500'000);
  EXPECT_LT(compressed(noise).size(), noise.size() + 1000);
}

TEST(Compressor, AFlushHoldsNothingBack) {
  auto compressor = Compressor::make(0);
  auto decompressor = Decompressor::make();
  std::string received;
  std::string sent;
  for (unsigned i = 0; i < 20; ++i) {
    const std::string piece = sample_text(100 * i, i);
    sent += piece;
    std::string out;
    ASSERT_TRUE(compressor->compress(piece, out));
    ASSERT_TRUE(compressor->flush(out));
    received += read(*decompressor, out);
    EXPECT_EQ(received, sent);
  }
}

TEST(Compressor, ASecondMailGainsNothingFromTheFirst) {
  // What one gains from itself: the second half is the first again.
  const std::string secret = sample_noise(20'000);
  EXPECT_LT(compressed(secret + secret).size(), secret.size() + 2000);
  const std::string first = compressed(secret);
  const std::string second = compressed(secret);
  EXPECT_EQ(first, second) << "the same bytes, whatever was compressed before";
  EXPECT_GT(first.size(), secret.size() * 9 / 10);
}

TEST(Compressor, EachFrameCanBeReadByItself) {
  const std::string text = sample_text(10'000);
  for (int i = 0; i < 2; ++i) {
    auto decompressor = Decompressor::make();
    EXPECT_EQ(read(*decompressor, compressed(text)), text);
  }
}

TEST(Compressor, NeedsLittleForASmallMailAndABoundedAmountForAnyOther) {
  const auto memory = [](std::uint64_t expected_bytes, std::size_t bytes) {
    auto compressor = Compressor::make(expected_bytes);
    std::string out;
    EXPECT_TRUE(compressor->compress(sample_text(bytes), out));
    return compressor->memory_bytes();
  };
  EXPECT_LT(memory(4000, 4000), 300U << 10);
  EXPECT_LT(memory(0, 4'000'000), 2U << 20);
  EXPECT_LT(memory(std::uint64_t{1} << 60, 1'000'000), 2U << 20);
  EXPECT_LT(memory(4000, 1'000'000), 300U << 10) << "one that is larger than it was declared";
}

TEST(Compressor, AMailLargerThanDeclaredIsWhole) {
  const std::string text = sample_text(1'000'000);
  auto decompressor = Decompressor::make();
  EXPECT_TRUE(read(*decompressor, compressed(text, 5000, 1)) == text);
}

}  // namespace
}  // namespace tsmtp::compress
