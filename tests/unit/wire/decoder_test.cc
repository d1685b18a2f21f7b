#include "relayd/wire/decoder.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "relayd/wire/encoder.h"

namespace tsmtp::wire {
namespace {

struct Decoded {
  FrameType type{};
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;
  std::uint64_t sequence = 0;
  std::uint64_t acknowledgement = 0;
  std::string payload;
  friend bool operator==(const Decoded&, const Decoded&) = default;
};

const std::vector<Decoded> kFrames = {
    {FrameType::kHello, 0, 0, 0, 0, "hello"},
    {FrameType::kData, 0, 0xfffffffe, 0xffffffffffffffff, 7, std::string(300, 'd')},
    {FrameType::kFinish, kFlagSkippable, 3, 9, 8, ""},
    {FrameType{200}, 0xff, 1, 2, 3, "of a later version"},
};

std::string encoded(const std::vector<Decoded>& frames) {
  std::string out;
  for (const Decoded& f : frames)
    encode({.type = f.type,
            .flags = f.flags,
            .stream = f.stream,
            .sequence = f.sequence,
            .acknowledgement = f.acknowledgement,
            .payload = f.payload},
           out);
  return out;
}

// Appends what `decoder` makes of one piece of bytes.
void decode_all(Decoder& decoder, std::string_view piece, std::vector<Decoded>& out) {
  while (true) {
    const auto frame = decoder.decode(piece);
    ASSERT_TRUE(frame) << frame.error().message;
    if (!*frame) break;
    out.push_back({(*frame)->type, (*frame)->flags, (*frame)->stream, (*frame)->sequence,
                   (*frame)->acknowledgement, std::string((*frame)->payload)});
  }
  EXPECT_TRUE(piece.empty());
}

TEST(Decoder, GivesWhatWasEncodedHoweverItIsSplitInTwo) {
  const std::string bytes = encoded(kFrames);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    Decoder decoder;
    std::vector<Decoded> frames;
    decode_all(decoder, std::string_view(bytes).substr(0, split), frames);
    decode_all(decoder, std::string_view(bytes).substr(split), frames);
    EXPECT_EQ(frames, kFrames) << "split at " << split;
  }
}

TEST(Decoder, GivesWhatWasEncodedByteByByte) {
  const std::string bytes = encoded(kFrames);
  Decoder decoder;
  std::vector<Decoded> frames;
  for (const char& byte : bytes)
    decode_all(decoder, {&byte, 1}, frames);
  EXPECT_EQ(frames, kFrames);
}

TEST(Decoder, GivesWhatWasEncodedInRandomPieces) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::vector<Decoded> sent;
  for (int i = 0; i < 200; ++i)
    sent.push_back(
        {FrameType{static_cast<std::uint8_t>(random())}, static_cast<std::uint8_t>(random()),
         static_cast<std::uint32_t>(random()), random(), random(),
         std::string(random() % (i % 10 == 0 ? kMaxPayloadBytes + 1 : 100), static_cast<char>(random()))});
  const std::string bytes = encoded(sent);
  Decoder decoder;
  std::vector<Decoded> frames;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t piece = std::min<std::size_t>(random() % 3000, bytes.size() - at);
    decode_all(decoder, std::string_view(bytes).substr(at, piece), frames);
    at += piece;
  }
  EXPECT_EQ(frames, sent);
}

TEST(Decoder, TakesTheLargestPayloadAndNothingLarger) {
  std::vector<Decoded> frames;
  const std::vector<Decoded> largest = {{FrameType::kData, 0, 1, 1, 0, std::string(kMaxPayloadBytes, 'x')}};
  Decoder decoder;
  decode_all(decoder, encoded(largest), frames);
  EXPECT_EQ(frames, largest);

  std::string_view length("\x3f\xe9", 2);  // 16361
  const auto refused = decoder.decode(length);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "peer announced a frame with 16361 bytes of payload, at most 16360 are allowed");
}

TEST(Decoder, RefusesAnOverlongFrameOnItsSecondByte) {
  Decoder decoder;
  std::string_view first("\xff", 1);
  const auto nothing = decoder.decode(first);
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(*nothing);
  std::string_view second("\xff", 1);
  EXPECT_FALSE(decoder.decode(second));
}

TEST(Decoder, AsksForMoreOnNothing) {
  Decoder decoder;
  std::string_view nothing;
  const auto frame = decoder.decode(nothing);
  ASSERT_TRUE(frame);
  EXPECT_FALSE(*frame);
}

}  // namespace
}  // namespace tsmtp::wire
