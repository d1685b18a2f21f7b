#include "relayd/mux/acknowledgement.h"

#include <gtest/gtest.h>

#include "tests/unit/mux/raw_peer.h"

namespace tsmtp::mux {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

class Acknowledging : public ::testing::Test {
 protected:
  Acknowledging() : side_(settings(), start_) {
    EXPECT_TRUE(
        side_.receive(joined({peer_.greeting(), peer_.open(1), peer_.frame(FrameType::kPing)}), start_));
    EXPECT_EQ(summary(peer_.read(side_.connection, start_)), "Hello Pong");
  }

  static ConnectionSettings settings() {
    ConnectionSettings settings = RawPeer::settings();
    settings.limits.stream_window_bytes = 1024 * 1024;
    return settings;
  }

  const base::TimePoint start_{};
  Side side_;
  RawPeer peer_;
};

TEST_F(Acknowledging, EveryFrameCarriesIt) {
  ASSERT_TRUE(side_.receive(joined({peer_.data(1, "a"), peer_.frame(FrameType::kPing)}), start_));
  const auto frames = peer_.read(side_.connection, start_);
  ASSERT_EQ(summary(frames), "Pong");
  EXPECT_EQ(frames[0].acknowledgement, 2U);
  EXPECT_EQ(frames[0].sequence, 0U);
}

TEST_F(Acknowledging, AFrameOfItsOwnIsDueAfter64Frames) {
  for (int i = 0; i < 63; ++i)
    ASSERT_TRUE(side_.receive(peer_.data(1, "a"), start_));
  EXPECT_FALSE(side_.connection.wants_to_send());
  ASSERT_TRUE(side_.receive(peer_.data(1, "a"), start_));
  EXPECT_TRUE(side_.connection.wants_to_send());
  const auto frames = peer_.read(side_.connection, start_);
  ASSERT_EQ(summary(frames), "Ack");
  EXPECT_EQ(frames[0].acknowledgement, 65U);
  EXPECT_FALSE(side_.connection.wants_to_send());
}

TEST_F(Acknowledging, AFrameOfItsOwnIsDueAfter128KiB) {
  for (int i = 0; i < 15; ++i)
    ASSERT_TRUE(side_.receive(peer_.data(1, std::string(8192, 'x')), start_));
  EXPECT_FALSE(side_.connection.wants_to_send());
  ASSERT_TRUE(side_.receive(peer_.data(1, std::string(8192, 'x')), start_));
  EXPECT_EQ(summary(peer_.read(side_.connection, start_)), "Ack");
}

TEST_F(Acknowledging, AFrameOfItsOwnIsDueAfterAWhile) {
  ASSERT_TRUE(side_.receive(peer_.data(1, "a"), start_ + 30ms));  // the Open was acknowledged by our Pong
  EXPECT_EQ(side_.connection.deadline(), start_ + 130ms);
  ASSERT_TRUE(side_.receive(peer_.data(1, "b"), start_ + 90ms));
  EXPECT_EQ(side_.connection.deadline(), start_ + 130ms);
  ASSERT_TRUE(side_.connection.tick(start_ + 129ms));
  EXPECT_FALSE(side_.connection.wants_to_send());
  ASSERT_TRUE(side_.connection.tick(start_ + 130ms));
  EXPECT_TRUE(side_.connection.wants_to_send());
  EXPECT_GT(side_.connection.deadline(), start_ + 1s) << "no busy loop while the Ack waits to be sent";
  EXPECT_EQ(summary(peer_.read(side_.connection, start_ + 131ms)), "Ack");
}

TEST_F(Acknowledging, NothingIsDueAfterFramesThatHaveNoSequence) {
  ASSERT_TRUE(side_.receive(peer_.credit(1, 100), start_));
  ASSERT_TRUE(side_.connection.tick(start_ + 5s));
  EXPECT_FALSE(side_.connection.wants_to_send());
}

TEST_F(Acknowledging, ASkippedFrameCountsIfItHasASequence) {
  RawFrame unknown{.type = FrameType{99},
                   .flags = wire::kFlagSkippable,
                   .stream = 12,
                   .sequence = 0,
                   .acknowledgement = 0,
                   .payload = "whatever"};
  ASSERT_TRUE(side_.receive(encoded(unknown), start_));
  unknown.sequence = ++peer_.sequence;
  ASSERT_TRUE(side_.receive(encoded(unknown), start_));
  ASSERT_TRUE(side_.receive(joined({peer_.data(1, "a"), peer_.frame(FrameType::kPing)}), start_));
  EXPECT_EQ(peer_.read(side_.connection, start_).at(0).acknowledgement, 3U);
}

TEST(Acknowledgement, SequencesCountFromOneAndOnlyWhatIsSequenced) {
  Acknowledgement acknowledgement;
  wire::Frame ping{.type = FrameType::kPing};
  wire::Frame data{.type = FrameType::kData, .stream = 1};
  acknowledgement.stamp(ping);
  EXPECT_EQ(ping.sequence, 0U);
  acknowledgement.stamp(data);
  EXPECT_EQ(data.sequence, 1U);
  acknowledgement.stamp(data);
  EXPECT_EQ(data.sequence, 2U);
}

}  // namespace
}  // namespace tsmtp::mux
