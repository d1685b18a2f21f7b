// Frames of a peer that means us harm, made by hand or by zstd with other settings than ours.
#include "relayd/compress/decompressor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "tests/support/sample_text.h"

namespace tsmtp::compress {
namespace {

using ::testing::HasSubstr;

std::string frame(const std::string& content, int window_log, bool states_size = false) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
  if (states_size) ZSTD_CCtx_setPledgedSrcSize(context, content.size());
  std::string out(ZSTD_compressBound(content.size()), 0);
  ZSTD_inBuffer input{content.data(), content.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  if (!states_size) {  // so that zstd cannot know
    ZSTD_inBuffer nothing{content.data(), content.empty() ? 0U : 1U, 0};
    ZSTD_compressStream2(context, &output, &nothing, ZSTD_e_continue);
    input.pos = nothing.pos;
  }
  EXPECT_EQ(ZSTD_compressStream2(context, &output, &input, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(context);
  out.resize(output.pos);
  return out;
}

struct Reading {
  std::string content;
  std::string error;
  bool ended = false;
  std::size_t memory_bytes = 0;  // at most
};

Reading read(std::string_view input, std::size_t piece_bytes = 1 << 20) {
  Reading reading;
  auto decompressor = Decompressor::make();
  while (!input.empty() || decompressor->has_more()) {
    std::string_view piece = input.substr(0, piece_bytes);
    const std::size_t offered = piece.size();
    const auto plain = decompressor->read(piece);
    if (!plain) {
      reading.error = plain.error().message;
      break;
    }
    reading.content += *plain;
    reading.memory_bytes = std::max(reading.memory_bytes, decompressor->memory_bytes());
    input.remove_prefix(offered - piece.size());
  }
  reading.ended = decompressor->is_at_end();
  return reading;
}

TEST(Decompressor, ReadsAWindowOf256KiBAndNoLargerOne) {
  const std::string text = support::sample_text(2'000'000);
  const Reading largest = read(frame(text, 18));
  EXPECT_TRUE(largest.content == text);
  EXPECT_LT(largest.memory_bytes, 800U << 10);
  for (const bool states_size : {false, true}) {
    const Reading beyond = read(frame(text, 19, states_size));
    EXPECT_THAT(beyond.error, HasSubstr("requires too much memory"));
    EXPECT_EQ(beyond.content, "");
    EXPECT_LT(beyond.memory_bytes, 200U << 10);
  }
}

TEST(Decompressor, ABombComesOutInSmallPiecesAndCostsNoMemory) {
  const std::string bomb = frame(std::string(50'000'000, 'A'), 18);
  ASSERT_LT(bomb.size(), 10'000U);
  auto decompressor = Decompressor::make();
  std::string_view input = bomb;
  std::size_t bytes = 0;
  while (!decompressor->is_at_end()) {
    const auto piece = decompressor->read(input);
    ASSERT_TRUE(piece);
    ASSERT_LE(piece->size(), Decompressor::kPieceBytes);
    ASSERT_LT(decompressor->memory_bytes(), 800U << 10);
    bytes += piece->size();
  }
  EXPECT_EQ(bytes, 50'000'000U);
}

TEST(Decompressor, AHeaderThatAsksForGigabytesIsRefusedBeforeAnythingIsAllocated) {
  // Window_Descriptor 0xff: 3.75 TiB. Then one that states 4 GiB in a single segment.
  for (const std::string& header : {std::string("\x28\xb5\x2f\xfd\x00\xff\x01\x00\x00", 9),
                                    std::string("\x28\xb5\x2f\xfd\xa0\xff\xff\xff\xff\x01\x00\x00", 12)}) {
    const Reading reading = read(header);
    EXPECT_THAT(reading.error, HasSubstr("cannot be read: "));
    EXPECT_LT(reading.memory_bytes, 200U << 10);
  }
}

TEST(Decompressor, OnlyAZstdFrameIsRead) {
  for (const std::string& other :
       {std::string("hello"), std::string("\x28\xb5\x2f\xfe", 4), std::string("\x27\xb5\x2f\xfd", 4),
        std::string("\x50\x2a\x4d\x18\x01\x00\x00\x00x", 9), std::string("\x1f\x8b\x08\x00", 4)}) {
    EXPECT_THAT(read(other).error, HasSubstr("not a zstd frame"));
    EXPECT_THAT(read(other, 1).error, HasSubstr("not a zstd frame"));
  }
}

TEST(Decompressor, NothingMayFollowTheEnd) {
  const std::string one = frame("hello\r\n", 14);
  EXPECT_EQ(read(one).content, "hello\r\n");
  EXPECT_THAT(read(one + one).error, HasSubstr("more behind its end"));
  EXPECT_THAT(read(one + one, 1).error, HasSubstr("more behind its end"));
}

TEST(Decompressor, AFrameThatIsCutHasNoEnd) {
  const std::string whole = frame(support::sample_text(5000), 14);
  for (std::size_t bytes = 0; bytes < whole.size(); bytes += 1 + bytes / 50) {
    const Reading reading = read(whole.substr(0, bytes));
    EXPECT_EQ(reading.error, "");
    EXPECT_FALSE(reading.ended) << bytes;
  }
  EXPECT_TRUE(read(whole).ended);
}

TEST(Decompressor, AFlippedBitIsAnErrorAndNeverOtherContent) {
  const std::string text = support::sample_text(5000);
  const std::string whole = frame(text, 14);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << at % 8);
    const Reading reading = read(damaged);
    EXPECT_TRUE(!reading.error.empty() || !reading.ended || reading.content == text) << "byte " << at;
  }
}

TEST(Decompressor, LetsGoOfItsMemoryAtTheEnd) {
  auto decompressor = Decompressor::make();
  const std::string whole = frame(support::sample_text(5000), 18);
  std::string_view input = whole;
  ASSERT_TRUE(decompressor->read(input));
  EXPECT_TRUE(decompressor->is_at_end());
  EXPECT_LT(decompressor->memory_bytes(), 20U << 10);
}

}  // namespace
}  // namespace tsmtp::compress
