#include "relayd/wire/frame.h"

#include <gtest/gtest.h>

namespace tsmtp::wire {
namespace {

TEST(Frame, FitsOneTlsRecord) {
  EXPECT_EQ(kHeaderBytes + kMaxPayloadBytes, 16384U);
}

TEST(Frame, TypesAreKnownByNumberAndName) {
  int known = 0;
  for (int number = 0; number <= 255; ++number) {
    const auto type = static_cast<FrameType>(number);
    if (is_known(type)) ++known;
    EXPECT_EQ(is_known(type), to_string(type) != "type " + std::to_string(number)) << number;
  }
  EXPECT_EQ(known, 12);
}

TEST(Frame, StreamTypesAndNoticeAreSequenced) {
  for (const auto type :
       {FrameType::kNotice, FrameType::kOpen, FrameType::kData, FrameType::kFinish, FrameType::kReset})
    EXPECT_TRUE(is_sequenced(type)) << to_string(type);
  for (const auto type : {FrameType::kHello, FrameType::kPing, FrameType::kPong, FrameType::kAck,
                          FrameType::kCredit, FrameType::kDrain, FrameType::kClose, FrameType{77}})
    EXPECT_FALSE(is_sequenced(type)) << to_string(type);
}

}  // namespace
}  // namespace tsmtp::wire
