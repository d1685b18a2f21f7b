#include "relayd/wire/encoder.h"

#include <gtest/gtest.h>

#include "relayd/base/bytes.h"

namespace tsmtp::wire {
namespace {

TEST(Encoder, WritesTheHeaderInNetworkByteOrder) {
  std::string out = "x";
  encode(Frame{.type = FrameType::kData,
               .flags = kFlagSkippable,
               .stream = 0x01020304,
               .sequence = 0x1112131415161718,
               .acknowledgement = 0x2122232425262728,
               .payload = "mail"},
         out);
  EXPECT_EQ(base::hex(out),
            "78"
            "0004"
            "11"
            "01"
            "01020304"
            "1112131415161718"
            "2122232425262728"
            "6d61696c");
}

TEST(Encoder, TakesTheLargestPayload) {
  std::string out;
  const std::string payload(kMaxPayloadBytes, 'p');
  encode(Frame{.type = FrameType::kData, .payload = payload}, out);
  EXPECT_EQ(out.size(), kMaxFrameBytes);
  EXPECT_EQ(base::get_u16(out), kMaxPayloadBytes);
}

}  // namespace
}  // namespace tsmtp::wire
